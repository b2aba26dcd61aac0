"""A login at a real OpenID provider, and every way known to us to get in without one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import create_app
from app.accounts.encryption import Cipher
from app.accounts.principals import Role
from settings import load_settings
from tests.logins import PASSWORD, csrf_token, log_in, open_login
from tests.openid import CLIENT_ID, OpenIdProvider, Visitor
from tests.promises import Promise
from tests.services import free_port
from tests.web import SECRET_KEY

pytestmark = pytest.mark.live

CALLBACK = "http://localhost/login/oidc/callback"
ADMIN = {"role": "super_admin", "email": "ana@example.org", "email_verified": True}
LOCAL = "admin@example.org"


@pytest.fixture(scope="module")
def provider() -> Iterator[OpenIdProvider]:
    with OpenIdProvider(CALLBACK) as server:
        server.know(
            ana=ADMIN,
            listed={"role": ["reader", "super_admin"]},
            vera={"role": "viewer", "email": LOCAL, "email_verified": True},
            close={"role": "super_admins"},
            nobody={},
            twin={**ADMIN, "email": LOCAL},
            unverified={**ADMIN, "email": "boss@example.org", "email_verified": False},
            strong={**ADMIN, "email": "strong@example.org", "amr": ["pwd", "mfa"], "acr": "gold"},
        )
        yield server


def make(provider: OpenIdProvider, directory: Path, **environ: str) -> Flask:
    app = create_app(
        load_settings(
            {
                "SECRET_KEY": SECRET_KEY,
                "DATABASE_URL": f"sqlite:///{directory}/monitor.sqlite3",
                "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
                "MONITOR_OIDC_ISSUER": provider.url,
                "MONITOR_OIDC_CLIENT_ID": CLIENT_ID,
                "MONITOR_OIDC_CLIENT_SECRET": provider.password,
                "MONITOR_OIDC_REDIRECT_URL": CALLBACK,
                **environ,
            }
        )
    )
    accounts = app.extensions["accounts"]
    accounts.migrate()
    if not accounts.list_users():
        accounts.create_user(LOCAL, PASSWORD, Role.SUPER_ADMIN)
    return app


@pytest.fixture
def app(provider: OpenIdProvider, tmp_path: Path) -> Iterator[Flask]:
    made = make(provider, tmp_path)
    yield made
    made.extensions["accounts"]._engine.dispose()


def depart(client: FlaskClient, target: str = "/monitor") -> str:
    answer = client.get(f"/login/oidc?next={target}")
    assert answer.status_code == 303, answer.text
    return str(answer.location)


ADDRESSES = (f"192.0.2.{number}" for number in range(1, 255))


def arrive(client: FlaskClient, url: str, address: str | None = None) -> TestResponse:
    """Each time from another address, so that what refuses is not the throttle."""
    return client.get(url.removeprefix("http://localhost"), environ_base={"REMOTE_ADDR": address or next(ADDRESSES)})


def sign_in(app: Flask, name: str) -> tuple[FlaskClient, TestResponse]:
    client = app.test_client()
    return client, arrive(client, Visitor(name).sign_in(depart(client), CALLBACK))


def me(client: FlaskClient) -> Any:
    return client.get("/api/me").json


def changed(url: str, **parameters: str | None) -> str:
    values = {name: each[0] for name, each in parse_qs(urlsplit(url).query).items()}
    values.update({name: value for name, value in parameters.items() if value is not None})
    kept = {name: value for name, value in values.items() if parameters.get(name, "") is not None}
    return f"{CALLBACK}?{urlencode(kept)}"


def test_who_the_provider_calls_super_admin_is_let_in_and_remembered_by_issuer_and_subject(
    app: Flask, provider: OpenIdProvider
) -> None:
    client = app.test_client()
    assert "/login/oidc?next=/monitor" in client.get("/login").text
    url = depart(client, "/monitor?range%3D1h")
    asked = {name: value[0] for name, value in parse_qs(urlsplit(url).query).items()}
    assert (asked["redirect_uri"], asked["code_challenge_method"], asked["response_type"]) == (CALLBACK, "S256", "code")
    assert {"state", "nonce", "code_challenge"} <= asked.keys()

    answer = arrive(client, Visitor("ana").sign_in(url, CALLBACK))

    assert (answer.status_code, answer.location) == (303, "/monitor?range=1h")
    assert me(client) == {"email": "ana@example.org", "role": "super_admin"}
    provider.know(ana={**ADMIN, "email": "ana.maria@example.org"})
    again, _ = sign_in(app, "ana")
    assert me(again)["email"] == "ana@example.org", "a new address makes no new user"
    provider.know(ana=ADMIN)
    users = app.extensions["accounts"].list_users()
    assert [user.email for user in users] == [LOCAL, "ana@example.org"]
    assert me(sign_in(app, "listed")[0])["role"] == "super_admin"
    client.post("/logout", data={"csrf_token": open_login(client)})
    assert me(client)["status"] == 401, "a logout ends the session that was opened by it"


@pytest.mark.parametrize("name", ["vera", "close", "nobody"])
def test_who_has_not_exactly_the_role_makes_no_user(app: Flask, name: str) -> None:
    client, answer = sign_in(app, name)

    assert (answer.status_code, me(client)["status"]) == (403, 401)
    assert len(app.extensions["accounts"].list_users()) == 1


def test_an_address_finds_no_account_and_a_made_user_has_no_password(app: Flask) -> None:
    twin, unverified = sign_in(app, "twin")[0], sign_in(app, "unverified")[0]

    for client in (twin, unverified):
        email = me(client)["email"]
        assert email.startswith("sso-")
        assert email.endswith("@127.0.0.1")
        for password in ("!", "", PASSWORD):
            assert app.extensions["accounts"].check_password(email, password) is None
    assert app.extensions["accounts"].check_password(LOCAL, PASSWORD)


def test_the_role_is_taken_anew_at_each_login_and_a_disabled_user_stays_out(
    app: Flask, provider: OpenIdProvider
) -> None:
    first, _ = sign_in(app, "ana")
    provider.know(ana={**ADMIN, "role": "viewer"})
    assert sign_in(app, "ana")[1].status_code == 403
    assert me(first)["status"] == 401, "the session from before has ended"
    provider.know(ana=ADMIN)
    again, _ = sign_in(app, "ana")
    assert me(again)["role"] == "super_admin"
    app.extensions["accounts"].disable_user("ana@example.org")
    assert sign_in(app, "ana")[1].status_code == 403


def test_an_answer_that_is_not_to_our_question_lets_nobody_in(app: Flask) -> None:
    client, victim = app.test_client(), app.test_client()
    good = Visitor("ana").sign_in(depart(client), CALLBACK)
    cookie = client.get_cookie("monitor_step")
    assert cookie is not None
    depart(victim)

    assert arrive(victim, good).status_code == 401, "another browser's answer"
    assert arrive(app.test_client(), good).status_code == 401, "a browser that was never sent"
    wrong = [
        changed(good, state="x"),
        changed(good, state=None),
        changed(good, iss="http://127.0.0.1:1"),
        changed(good, iss=None),
        changed(good, code=None, error="access_denied"),
        changed(good, code="x"),
    ]
    for url in wrong:
        client.set_cookie("monitor_step", cookie.value)
        assert arrive(client, url).status_code == 401
    for _ in range(6):
        client.set_cookie("monitor_step", cookie.value)
        last = arrive(client, changed(good, code="x"), "198.51.100.1")
    assert last.status_code == 429, "a stranger does not make us ask the provider as often as they like"
    assert me(client)["status"] == 401


def test_code_verifier_and_nonce_are_bound_to_the_browser_and_a_code_counts_once(
    app: Flask, provider: OpenIdProvider, tmp_path: Path
) -> None:
    cipher = Cipher(SECRET_KEY, "oidc departure")
    for fault in ("nonce", "verifier"):
        client = app.test_client()
        good = Visitor("ana").sign_in(depart(client), CALLBACK)
        cookie = client.get_cookie("monitor_step")
        assert cookie is not None
        state, nonce, verifier, target = cipher.decrypt(cookie.value)
        swapped = [
            state,
            "n" * 43 if fault == "nonce" else nonce,
            "v" * 43 if fault == "verifier" else verifier,
            target,
        ]
        client.set_cookie("monitor_step", cipher.encrypt(swapped))
        assert arrive(client, good).status_code == 401
    client = app.test_client()
    good = Visitor("ana").sign_in(depart(client), CALLBACK)
    cookie = client.get_cookie("monitor_step")
    assert cookie is not None
    assert arrive(client, good).status_code == 303
    assert client.get_cookie("monitor_step") is None
    client.set_cookie("monitor_step", cookie.value)
    assert arrive(client, good).status_code == 401


def test_how_somebody_signed_in_there_can_be_asked_for(provider: OpenIdProvider, tmp_path: Path) -> None:
    app = make(provider, tmp_path, MONITOR_OIDC_AMR="mfa")
    assert sign_in(app, "ana")[1].status_code == 401
    assert sign_in(app, "strong")[1].status_code == 303
    strict = make(provider, tmp_path, MONITOR_OIDC_ACR="gold")
    client = strict.test_client()
    assert "acr_values=gold" in depart(client)
    assert sign_in(strict, "strong")[1].status_code == 303
    assert sign_in(strict, "ana")[1].status_code == 401


def test_while_the_provider_is_away_it_lets_nobody_in_and_passwords_do(
    provider: OpenIdProvider, tmp_path: Path
) -> None:
    app = make(provider, tmp_path)
    client = app.test_client()
    back = Visitor("ana").sign_in(depart(client), CALLBACK)
    provider.pause()
    with Promise.FAULT_SHOWS.kept():
        assert arrive(client, back).status_code == 503
    provider.kill9()
    assert arrive(client, back).status_code == 503
    cold = make(provider, tmp_path)
    assert cold.test_client().get("/login/oidc").status_code == 503
    assert log_in(client, LOCAL, PASSWORD).status_code == 303
    provider.start()  # With another signing key.

    assert sign_in(make(provider, tmp_path), "ana")[1].status_code == 303


@pytest.mark.parametrize("client_auth", ["client_secret_post", "none"])
def test_a_provider_that_takes_the_secret_in_the_form_or_takes_none_lets_in_as_well(
    client_auth: str, tmp_path: Path
) -> None:
    with OpenIdProvider(CALLBACK, client_auth=client_auth) as other:
        other.know(ana=ADMIN)
        environ = {} if client_auth == "client_secret_post" else {"MONITOR_OIDC_CLIENT_SECRET": ""}
        app = make(other, tmp_path, **environ)
        client, answer = sign_in(app, "ana")

        assert (answer.status_code, me(client)["role"]) == (303, "super_admin")
        if client_auth == "client_secret_post":
            wrong = make(other, tmp_path, MONITOR_OIDC_CLIENT_SECRET="x" * 40)
            assert sign_in(wrong, "ana")[1].status_code == 401
            wrong.extensions["accounts"]._engine.dispose()
        app.extensions["accounts"]._engine.dispose()


def test_without_local_logins_a_password_opens_nothing(provider: OpenIdProvider, tmp_path: Path) -> None:
    client = make(provider, tmp_path, MONITOR_LOCAL_LOGIN="false").test_client()
    page = client.get("/login").text

    assert 'name="password"' not in page
    answer = client.post("/login", data={"csrf_token": csrf_token(page), "email": LOCAL, "password": PASSWORD})
    assert (answer.status_code, me(client)["status"]) == (403, 401)
