"""The separator in a binding, from members as kombu writes them."""

import pytest

from collector.probes.broker.kombu_bindings import separator_of

KOMBU = "\x06\x16"


@pytest.mark.parametrize(
    ("member", "expected", "separator"),
    [
        (f"dispatch{KOMBU}{KOMBU}dispatch", KOMBU, KOMBU),
        (f"dispatch{KOMBU}{KOMBU}dispatch", ":", KOMBU),
        (f"a.*{KOMBU}^a\\..*?${KOMBU}dispatch", ":", KOMBU),
        ("dispatch::dispatch", ":", ":"),
        ("dispatch::dispatch", KOMBU, ":"),
        ("dispatch::::dispatch", KOMBU, "::"),
        ("other-----dispatch", KOMBU, "--"),
        (f"x{KOMBU}{KOMBU}low-dispatch", KOMBU, None),
        ("x::low-dispatch", KOMBU, None),
        ("x::other", KOMBU, None),
        ("dispatch", KOMBU, None),
        ("", KOMBU, None),
    ],
)
def test_the_separator_of_a_binding(member: str, expected: str, separator: str | None) -> None:
    assert separator_of(member, "dispatch", expected) == separator
