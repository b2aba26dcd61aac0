import pytest

from app.auth.origin import is_from_elsewhere, is_trusted


@pytest.mark.parametrize(
    "host", ["", "127.0.0.1:8000", "[::1]:8000", "192.0.2.7", "localhost", "localhost:8000", "web:8000", "x.localhost"]
)
def test_addresses_and_names_without_a_dot_cannot_be_somebody_elses(host: str) -> None:
    assert is_trusted(host, ())


@pytest.mark.parametrize(
    "host", ["evil.test", "evil.test:8000", "127.0.0.1.evil.test", "a b", "localhost@evil.test", "evil.test/", "é.test"]
)
def test_a_name_that_can_be_registered_is_trusted_only_where_it_is_named(host: str) -> None:
    assert not is_trusted(host, ())
    assert not is_trusted(host, ("monitor.example.org", ".intern.example.org"))


def test_names_are_the_same_in_any_case_with_a_port_and_a_dot_at_the_end() -> None:
    names = ("monitor.example.org", ".intern.example.org")

    for host in ("Monitor.Example.org", "monitor.example.org:8443", "monitor.example.org.", "a.b.intern.example.org"):
        assert is_trusted(host, names)
    for host in ("x.monitor.example.org", "evilintern.example.org", "monitor.example.org.evil.test"):
        assert not is_trusted(host, names)
    assert is_trusted("any.name.test", ("*",))


@pytest.mark.parametrize(
    ("method", "site", "mode", "is_refused"),
    [
        ("POST", None, None, False),
        ("POST", "same-origin", "cors", False),
        ("POST", "none", "navigate", False),
        ("POST", "same-site", "navigate", True),
        ("POST", "cross-site", "navigate", True),
        ("DELETE", "cross-site", "cors", True),
        ("GET", "cross-site", "navigate", False),
        ("GET", "cross-site", "no-cors", True),
        ("GET", "cross-site", "cors", True),
    ],
)
def test_another_site_may_link_here_and_nothing_else(
    method: str, site: str | None, mode: str | None, is_refused: bool
) -> None:
    assert is_from_elsewhere(method, site, mode) is is_refused
