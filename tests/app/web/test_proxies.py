"""A client's address, as a trusted proxy gives it in any of the usual headers."""

import pytest
from flask import Flask, request

from app.web.proxies import address_of, init_app
from tests.app.visitor import Make, Visitor


@pytest.mark.parametrize(
    ("told", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        (" 192.0.2.1:4711 ", "192.0.2.1"),
        ("[2001:DB8::1]:4711", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("2001:db8:0:0::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("[fe80::1%25eth0]:80", "fe80::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("[::ffff:192.0.2.1]:80", "192.0.2.1"),
        *((garbage, "") for garbage in ("", "unknown", "_hidden", "192.0.2.1:", "192.0.2.1:x", "192.0.2.1.1", "1.2.3",
                                        "[192.0.2.1", "[]:80", "[x]:80", "٣.2.3.4", "1.2.3.٤:80", "a" * 8000)),
    ],
)  # fmt: skip
def test_an_address_has_one_form_and_what_is_none_is_nothing(told: str, address: str) -> None:
    assert address_of(told) == address


@pytest.mark.parametrize(
    "told",
    [
        "203.0.113.9:{}",
        "[2001:db8:0:1::{}]:{}",
        "2001:db8:0:1:{}::9",
        "2001:db8:0:1::9%eth{}",
        "::ffff:203.0.113.9:{}",
        "nobody-{}",
        "unknown, _{}",
    ],
)
def test_no_spelling_of_a_client_is_another_client(make: Make, told: str) -> None:
    visitor = Visitor(make(TRUSTED_PROXIES="1"))
    visitor.get("/login")

    statuses = []
    for number in range(1, 7):
        visitor.client.environ_base["HTTP_X_FORWARDED_FOR"] = told.replace("{}", str(number))
        statuses.append(visitor.post("/login", email=f"nobody-{number}@example.test", password="wrong").status_code)

    assert statuses == [401] * 5 + [429]


@pytest.mark.parametrize("proxies", [1, 2])
@pytest.mark.parametrize(
    "sent", ['"', '192.0.2.66, "', '"192.0.2.66, ', "192.0.2.66", "", ",", "\\", "(", "192.0.2.66;"]
)
def test_nothing_that_a_client_sends_hides_what_the_proxies_add_to_it(proxies: int, sent: str) -> None:
    seen: list[str] = []
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: seen.append(request.remote_addr or "") or "")
    init_app(app, trusted_proxies=proxies)
    added = ["203.0.113.9", "198.51.100.2"][:proxies]

    app.test_client().get("/", headers={"X-Forwarded-For": ", ".join([sent, *added])})

    assert seen == ["203.0.113.9"]


@pytest.mark.parametrize(("proxies", "told"), [(0, "203.0.113.9"), (1, None), (1, ""), (2, None), (2, "203.0.113.9")])
def test_where_fewer_addresses_are_told_than_proxies_are_trusted_it_is_who_sends(
    proxies: int, told: str | None
) -> None:
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: request.remote_addr or "")
    init_app(app, trusted_proxies=proxies)
    headers = {} if told is None else {"X-Forwarded-For": told}

    answer = app.test_client().get("/", headers=headers, environ_base={"REMOTE_ADDR": "192.0.2.1"})

    assert answer.text == "192.0.2.1"
