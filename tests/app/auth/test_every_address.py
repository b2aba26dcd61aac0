"""Every address of the whole app refuses everybody without access."""

import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.routing import Rule

from app import create_app
from app.accounts.accounts import Accounts
from app.accounts.migrations import migrate
from app.accounts.principals import Role
from app.accounts.tokens import TokenScope
from settings import SettingsError, load_settings
from store.database import make_engine
from tests.logins import ADMIN, open_login, open_session
from tests.services import free_port

EMAIL, PASSWORD = ADMIN
PUBLIC = {
    "/login",
    "/healthz",
    "/livez",
    "/readyz",
    "/static/<path:filename>",
    "/static/<build:build>/<path:filename>",
}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    directory: Path = tmp_path_factory.mktemp("addresses")
    database_url = f"sqlite:///{directory}/monitor.sqlite3"
    engine = make_engine(database_url)
    migrate(engine)
    engine.dispose()
    return {
        "SECRET_KEY": secrets.token_hex(32),
        "DATABASE_URL": database_url,
        "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
    }


@pytest.fixture(scope="module")
def credentials(environ: dict[str, str]) -> Iterator[dict[str, dict[str, str]]]:
    """The headers of each kind of client without access, by its description."""
    engine = make_engine(environ["DATABASE_URL"])
    accounts = Accounts(engine)
    people = {"viewer": Role.VIEWER, "demoted": Role.SUPER_ADMIN, "disabled": Role.SUPER_ADMIN}
    headers: dict[str, dict[str, str]] = {"anonymous": {}}
    for name, role in people.items():
        email = f"{name}@example.test"
        accounts.create_user(email, PASSWORD, role)
        headers[f"{name}, by token"] = {"Authorization": f"Bearer {accounts.tokens.create(email)[1]}"}
        headers[f"{name}, by session"] = {"Cookie": f"monitor_session={open_session(accounts, email, PASSWORD)}"}
    accounts.set_role("demoted@example.test", Role.VIEWER)
    accounts.disable_user("disabled@example.test")
    headers["made up"] = {"Authorization": "Bearer zvm_x", "Cookie": "monitor_session=x"}
    yield headers
    engine.dispose()


@pytest.fixture(scope="module")
def app(environ: dict[str, str]) -> Flask:
    return create_app(load_settings(environ))


def address_of(rule: Rule) -> str:
    return re.sub(r"<[^>]+>", "something", rule.rule)


def test_whoever_is_no_super_admin_is_turned_away_at_every_address_by_every_method(
    app: Flask, credentials: dict[str, dict[str, str]]
) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule not in PUBLIC]
    rules.sort(key=lambda rule: rule.rule == "/logout")  # Last: the form's token goes with it.
    assert len(rules) >= 5
    accepted = []
    for who, headers in credentials.items():
        client = app.test_client()
        token = open_login(client)
        for name, value in [cookie.split("=", 1) for cookie in headers.get("Cookie", "").split("; ") if cookie]:
            client.set_cookie(name, value)
        bearer = {name: value for name, value in headers.items() if name == "Authorization"}
        for rule in rules:
            for method in METHODS:
                answer = client.open(address_of(rule), method=method, headers={"X-CSRFToken": token, **bearer})
                if answer.status_code not in (302, 303, 401, 403, 405):
                    accepted.append((who, method, rule.rule, answer.status_code))

    assert accepted == []


def test_the_public_addresses_are_login_health_and_static_files_with_their_methods_alone(
    app: Flask,
) -> None:
    allowed: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        if rule.rule in PUBLIC:
            allowed.setdefault(rule.rule, set()).update((rule.methods or set()) - {"HEAD", "OPTIONS"})

    assert allowed == {address: {"GET", "POST"} if address == "/login" else {"GET"} for address in PUBLIC}


def test_what_changes_something_needs_the_forms_token_and_no_other_site(app: Flask) -> None:
    client = app.test_client()
    token = open_login(client)
    changing = [
        (method, address_of(rule))
        for rule in app.url_map.iter_rules()
        if rule.rule != "/api/logs"  # It takes tokens alone, which no browser sends of its own accord.
        for method in (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}
    ]
    assert ("POST", "/login") in changing

    for method, address in changing:
        answer = client.open(address, method=method)
        # Where nobody gets without a session there is nothing to forge without one.
        assert answer.status_code in ((400,) if address.startswith("/log") else (401, 303)), address
        headers = {"X-CSRFToken": token, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
        assert client.open(address, method=method, headers=headers).status_code == 403


def test_a_session_alone_changes_nothing_without_the_forms_token(app: Flask, environ: dict[str, str]) -> None:
    engine = make_engine(environ["DATABASE_URL"])
    accounts, client = Accounts(engine), app.test_client()
    accounts.create_user("forged@example.test", PASSWORD, Role.SUPER_ADMIN)
    client.set_cookie("monitor_session", open_session(accounts, "forged@example.test", PASSWORD) or "")
    engine.dispose()

    for address in ("/api/me/seen", "/second-factor", "/second-factor/enrol", "/logout"):
        assert client.post(address).status_code == 400, address
        assert client.post(address, data={"csrf_token": "x"}).status_code == 400, address
    assert client.get("/api/me").status_code == 200


def test_a_token_changes_nothing_at_any_address_but_for_what_it_was_made_for(
    app: Flask, environ: dict[str, str]
) -> None:
    engine = make_engine(environ["DATABASE_URL"])
    accounts = Accounts(engine)
    accounts.create_user("scripts@example.test", PASSWORD, Role.SUPER_ADMIN)
    tokens = {scope: accounts.tokens.create("scripts@example.test", scope)[1] for scope in TokenScope}
    client = app.test_client()
    form = {"X-CSRFToken": open_login(client)}  # What no script has: the token alone must be refused.
    changing = {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
        if method not in ("GET", "HEAD") and not rule.rule.startswith("/log")  # Those ask for no token.
    }
    assert {("DELETE", "/api/hosts/<host>"), ("POST", "/api/logs"), ("POST", "/account/tokens")} <= changing

    passed = {
        (scope, method, rule): status
        for scope, token in tokens.items()
        for method, rule in changing
        for headers in ({}, form)
        if (status := client.open(re.sub(r"<[^>]+>", "x", rule), method=method,
                                  headers={"Authorization": f"Bearer {token}", **headers}).status_code) != 403
    }  # fmt: skip
    engine.dispose()

    assert passed == {(TokenScope.LOGS, "POST", "/api/logs"): 422}


def test_what_is_forged_or_comes_from_elsewhere_is_in_the_audit(environ: dict[str, str]) -> None:
    app = create_app(load_settings(environ))  # Its own: the other tests use up the rows that a minute has.
    client, audit = app.test_client(), app.extensions["audit"]
    client.post("/login")
    client.post("/login", headers={"Sec-Fetch-Site": "cross-site"})
    client.get("/login", headers={"Host": "evil.test"})
    audit.write()

    written = {(event.kind, event.detail) for event in audit.read()}
    assert {(kind, "/login") for kind in ("csrf_failed", "cross_site", "untrusted_host")} <= written


def test_under_a_name_of_somebody_elses_nothing_is_served(app: Flask) -> None:
    client = app.test_client()
    for path in ("/login", "/healthz", "/monitor", "/static/js/main.js", "/nothing"):
        with client.get(path, headers={"Host": "evil.test"}) as answer:
            assert answer.status_code == 400
        with client.get(path, headers={"Host": "web:8000"}) as answer:
            assert answer.status_code != 400


def test_every_answer_carries_the_browsers_defences_and_health_no_cookie(app: Flask, environ: dict[str, str]) -> None:
    client = app.test_client()
    for path in ("/monitor", "/login", "/api/hosts", "/healthz", "/static/css/tokens.css", "/nothing"):
        with client.get(path) as answer:
            headers = answer.headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "require-trusted-types-for 'script'" in policy
        assert "unsafe" not in policy
        assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "no-referrer")
        assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "camera=()" in headers["Permissions-Policy"]
        assert not {"Access-Control-Allow-Origin", "Server", "X-Powered-By", "Strict-Transport-Security"} & {
            *headers.keys()
        }
    for path in ("/healthz", "/livez", "/readyz"):
        assert client.get(path).headers.get("Set-Cookie") is None

    behind_tls = create_app(load_settings({**environ, "SECURE_COOKIES": "true"})).test_client()
    answer = behind_tls.get("/healthz", headers={"Host": "monitor.example.org"})
    assert (answer.status_code, answer.headers["Strict-Transport-Security"][:16]) == (503, "max-age=31536000")


def test_a_logout_clears_what_the_browser_has_kept(app: Flask) -> None:
    client = app.test_client()

    answer = client.post("/logout", data={"csrf_token": open_login(client)})

    assert (answer.status_code, answer.headers["Clear-Site-Data"]) == (303, '"cache"')


def test_with_debugging_nothing_starts(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_DEBUG", "1")

    with pytest.raises(SettingsError, match="FLASK_DEBUG"):
        create_app(load_settings(environ))
