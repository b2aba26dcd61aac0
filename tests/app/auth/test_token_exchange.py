"""A token of ZapVoice's backend, exchanged once for a session, through the real app."""

import base64
import json
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from joserfc import jwt
from joserfc.jwk import ECKey
from werkzeug.test import TestResponse

from app import create_app
from app.auth.jwks import BadKey
from settings import load_settings
from tests.app.published import Published
from tests.services import free_port

KEY = ECKey.generate_key("P-256", {"kid": "k1"})
ISSUER, AUDIENCE, SITE = "https://app.zapvoice.test", "zapvoice-monitor", "https://app.zapvoice.test"
Make = Callable[..., Flask]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[Flask] = []

    def make_app(**environ: str) -> Flask:
        app = create_app(
            load_settings(
                {
                    "SECRET_KEY": "a key for the tests that is long enough",
                    "DATABASE_URL": f"sqlite:///{tmp_path}/monitor.sqlite3",
                    "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
                    "MONITOR_JWT_ISSUER": ISSUER,
                    "MONITOR_JWT_ALGORITHM": "ES256",
                    "MONITOR_JWT_KEY": KEY.as_pem(private=False).decode(),
                    **environ,
                }
            )
        )
        app.extensions["accounts"].migrate()
        made.append(app)
        return app

    yield make_app
    for app in made:
        app.extensions["accounts"]._engine.dispose()


def token(**changed: Any) -> str:
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "7", "iat": now, "exp": now + 60, "role": "super_admin", **changed}
    return jwt.encode({"alg": "ES256", "kid": "k1"}, claims, KEY)


def send(app: Flask, text: Any, *, form: bool = False, address: str = "192.0.2.1", **headers: str) -> TestResponse:
    body: Any = {"data": {"token": text, "next": "/monitor?range=1h"}} if form else {"json": {"token": text}}
    client = app.test_client()
    answer = client.post("/login/token", headers=headers, environ_base={"REMOTE_ADDR": address}, **body)
    answer.me = client.get("/api/me").json  # type: ignore[attr-defined]
    return answer


def mauled(text: str) -> str:
    """The same token in other words: an ECDSA signature (r, s) is as good as (r, n - s)."""
    head, _, signature = text.rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    n = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    other = raw[:32] + (n - int.from_bytes(raw[32:])).to_bytes(32)
    return f"{head}.{base64.urlsafe_b64encode(other).rstrip(b'=').decode()}"


def test_a_token_opens_one_session_by_a_form_or_by_json(make: Make) -> None:
    app = make()
    by_form, by_json = send(app, token(jti="1"), form=True), send(app, token(jti="2"))

    assert (by_form.status_code, by_form.location) == (303, "/monitor?range=1h")
    assert by_json.status_code == 204
    for answer in (by_form, by_json):
        assert answer.me["role"] == "super_admin"  # type: ignore[attr-defined]
        assert "Access-Control-Allow-Origin" not in answer.headers
        cookie = next(each for each in answer.headers.getlist("Set-Cookie") if each.startswith("monitor_session="))
        assert {"HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))
    assert len(app.extensions["accounts"].list_users()) == 1


def test_curls_own_content_type_is_taken_for_json_unless_a_page_sends_it(make: Make) -> None:
    app = make(MONITOR_JWT_ORIGIN=SITE)
    form = {"content_type": "application/x-www-form-urlencoded"}

    def post(**headers: str) -> TestResponse:
        body = json.dumps({"token": token(jti=secrets.token_hex())})
        return app.test_client().post("/login/token", data=body, headers=headers, **form)

    assert post().status_code == 204
    assert post(Origin=SITE).status_code == 401
    assert post(**{"Sec-Fetch-Site": "none"}).status_code == 401


def test_no_token_is_good_twice_not_even_in_other_words(make: Make) -> None:
    app, other_process = make(), make()
    named, nameless = token(jti="1"), token(sub="8")

    assert [send(app, each).status_code for each in (named, nameless)] == [204, 204]
    again = [named, token(jti="1"), nameless, mauled(nameless)]
    answers = [send(each, text) for each, text in zip((app, other_process, other_process, app), again, strict=True)]
    assert {(answer.status_code, answer.text) for answer in answers} == {
        (401, '{"code":"token_refused","message":"This token opens nothing here.","status":401}\n')
    }


def test_whatever_is_wrong_with_a_token_the_answer_is_the_same_and_makes_no_user(make: Make) -> None:
    app = make()
    claims: list[dict[str, Any]] = [
        {"exp": 1},
        {"aud": "x"},
        {"sub": ""},
        {"nonce": "n"},
        {"role": "viewer"},
        {"role": ["super_admin"]},
        {"role": "Super_Admin"},
    ]
    bad = [*(token(**each) for each in claims), "", None, 7, ["x"], "x", token()[:-4], json.dumps({"payload": "x"})]
    answers = [send(app, text, address=f"192.0.2.{number}") for number, text in enumerate(bad)]

    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1
    assert app.extensions["accounts"].list_users() == []
    page = send(app, "x", form=True, address="198.51.100.1")
    assert (page.status_code, page.mimetype) == (401, "text/html")
    client = app.test_client()
    assert client.get(f"/login/token?token={token()}").status_code == 405
    assert client.post(f"/login/token?token={token()}", environ_base={"REMOTE_ADDR": "198.51.100.2"}).status_code == 401
    for number, body in enumerate((b"[" * 9000, b'{"token":' * 2000, b"[1", b"\xff", b"null", b'{"token": NaN}')):
        answer = client.post(
            "/login/token",
            data=body,
            content_type="application/json",
            environ_base={"REMOTE_ADDR": f"192.0.3.{number}"},
        )
        assert answer.status_code == 401, body[:20]
    tries = [send(app, "x", address="203.0.113.1").status_code for _ in range(6)]
    assert tries == [401] * 5 + [429]


def test_only_the_pages_of_the_configured_site_and_our_own_may_bring_one(make: Make) -> None:
    app = make(MONITOR_JWT_ORIGIN=SITE)

    for origin in ("https://evil.test", "null", f"{SITE}.evil.test", "http://app.zapvoice.test", f"{SITE}:8443"):
        assert send(app, token(), form=True, Origin=origin).status_code == 403
    for origin in (SITE, "http://localhost"):
        assert send(app, token(jti=origin), form=True, Origin=origin).status_code == 303
    assert send(make(), token(), Origin=SITE).status_code == 403


def test_a_role_that_is_taken_away_ends_what_the_last_token_opened(make: Make) -> None:
    app = make()
    client = app.test_client()
    client.post("/login/token", json={"token": token(jti="1")})
    assert client.get("/api/me").status_code == 200

    assert send(app, token(jti="2", role="viewer")).status_code == 401
    assert client.get("/api/me").status_code == 401


def test_published_keys_that_cannot_be_had_let_nobody_in(make: Make) -> None:
    with Published({"keys": [KEY.as_dict(private=False)]}) as published:
        app = make(MONITOR_JWT_KEY="", MONITOR_JWT_JWKS_URL=published.url)
        assert send(app, token()).status_code == 204
    answer = send(make(MONITOR_JWT_KEY="", MONITOR_JWT_JWKS_URL=published.url), token(jti="2"))

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")
    assert answer.me["status"] == 401  # type: ignore[attr-defined]


def test_without_its_settings_there_is_no_such_door_and_with_a_wrong_key_no_panel(make: Make) -> None:
    bare = make(MONITOR_JWT_ISSUER="", MONITOR_JWT_KEY="", MONITOR_JWT_ALGORITHM="")

    assert send(bare, token()).status_code == 404
    with pytest.raises(BadKey):
        make(MONITOR_JWT_ALGORITHM="HS256")
