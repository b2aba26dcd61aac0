import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import DictLoader
from sqlalchemy import Engine

from app.accounts.accounts import Accounts
from app.accounts.audit import Audit
from app.accounts.encryption import Cipher
from app.accounts.identities import Identities
from app.accounts.principals import Role
from app.accounts.second_factors import SecondFactors
from app.auth import login as auth
from app.auth.guard import current_principal, require_role
from app.auth.login_steps import LoginSteps
from app.pages import account
from app.web import errors
from store.database import make_engine
from tests.logins import ADMIN, csrf_token, log_in, open_login
from tests.services import free_port

EMAIL, PASSWORD = ADMIN
VIEWER = "viewer@example.test"

TEMPLATES = {
    "login.html": '<input name="csrf_token" value="{{ csrf_token() }}"><b>{{ error }}</b><i>{{ next }}</i>',
    "error.html": "<h1>{{ status }}</h1>{{ code }}: {{ message }}",
}


def make_app(accounts: Accounts, *, secure_cookies: bool = False) -> Flask:
    app = Flask(__name__)
    app.jinja_loader = DictLoader(TEMPLATES)
    app.secret_key = "k" * 32
    engine = accounts._engine
    errors.init_app(app)
    auth.init_app(app, accounts, Audit(engine, keep_s=86_400), secure_cookies=secure_cookies)
    factors = SecondFactors(engine, Cipher("k" * 32, "second factor"), accounts.sessions)
    steps = LoginSteps(factors, Identities(engine, accounts), "k" * 32, required=False)
    app.register_blueprint(account.make_blueprint(steps))

    @app.get("/monitor")
    @require_role("super_admin", page=True)
    def monitor() -> str:
        return current_principal().email

    @app.get("/stream")
    @require_role("super_admin")
    def stream() -> str:
        return current_principal().email

    return app


@pytest.fixture
def client(accounts: Accounts) -> FlaskClient:
    accounts.create_user(VIEWER, PASSWORD, Role.VIEWER)
    return make_app(accounts).test_client()


@pytest.fixture
def closed_client() -> Iterator[FlaskClient]:
    """A client of an app whose database does not answer."""
    engine = make_engine(f"postgresql+psycopg://monitor:x@127.0.0.1:{free_port()}/monitor")
    yield make_app(Accounts(engine)).test_client()
    engine.dispose()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_login_opens_page_api_and_stream_and_a_logout_closes_them(client: FlaskClient) -> None:
    answer = log_in(client)

    assert (answer.status_code, answer.location) == (303, "/monitor")
    assert client.get("/monitor").text == EMAIL
    assert client.get("/stream").text == EMAIL
    assert client.get("/api/me").json == {"email": EMAIL, "role": "super_admin"}

    stolen = client.get_cookie("monitor_session")
    answer = client.post("/logout", data={"csrf_token": open_login(client)})

    assert (answer.status_code, answer.location) == (303, "/login")
    assert client.get_cookie("monitor_session") is None
    assert stolen is not None
    client.set_cookie("monitor_session", stolen.value)
    assert client.get("/api/me").status_code == 401


def test_the_anonymous_are_led_to_the_login_or_told_in_json(client: FlaskClient) -> None:
    page, stream = client.get("/monitor?range=1h"), client.get("/stream")

    assert (page.status_code, page.location) == (303, "/login?next=/monitor?range%3D1h")
    assert client.get("/monitor").location == "/login?next=/monitor"
    assert (stream.status_code, stream.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert stream.json is not None
    assert (stream.json["status"], stream.json["code"], set(stream.json)) == (
        401,
        "unauthorized",
        {"status", "code", "message"},
    )


def test_another_role_is_refused_on_page_and_api(client: FlaskClient) -> None:
    log_in(client, VIEWER)

    page, stream = client.get("/monitor"), client.get("/stream")

    assert (page.status_code, page.mimetype) == (403, "text/html")
    assert (stream.status_code, stream.mimetype) == (403, "application/json")
    assert stream.json is not None
    assert stream.json["code"] == "forbidden"


def test_a_token_opens_the_same_doors_until_it_is_revoked(client: FlaskClient, accounts: Accounts) -> None:
    token_id, token = accounts.tokens.create(EMAIL)

    assert client.get("/stream", headers=bearer(token)).text == EMAIL
    assert client.get("/stream", headers={"Authorization": f"bearer {token}"}).text == EMAIL
    accounts.tokens.revoke(token_id)

    assert client.get("/stream", headers=bearer(token)).status_code == 401


@pytest.mark.parametrize("value", ["Bearer", "Bearer ", "Bearer x", "Bearer zvm_\xe9", "Bearer a=b"])
def test_a_bad_token_counts_even_beside_a_good_cookie(client: FlaskClient, value: str) -> None:
    log_in(client)

    assert client.get("/stream", headers={"Authorization": value}).status_code == 401


def test_another_scheme_of_a_proxy_in_front_does_not_hide_the_cookie(client: FlaskClient) -> None:
    log_in(client)

    assert client.get("/stream", headers={"Authorization": "Basic YTpi"}).status_code == 200
    assert client.get("/stream", headers={"Authorization": "Basic \xff"}).status_code == 200


def test_a_new_login_ends_the_session_this_browser_held(client: FlaskClient, accounts: Accounts) -> None:
    log_in(client)
    first = client.get_cookie("monitor_session")

    log_in(client)

    second = client.get_cookie("monitor_session")
    assert first is not None
    assert second is not None
    assert accounts.principals.of_session(first.value) is None
    assert accounts.principals.of_session(second.value)


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(client: FlaskClient) -> None:
    form_cookie = client.get("/login").headers["Set-Cookie"]
    login_cookies = log_in(client).headers.getlist("Set-Cookie")

    for cookie in (form_cookie, next(cookie for cookie in login_cookies if cookie.startswith("monitor_session="))):
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
        assert "Secure" not in cookie


def test_behind_tls_cookies_are_bound_to_the_host_and_no_referer_is_asked_for(accounts: Accounts) -> None:
    client = make_app(accounts, secure_cookies=True).test_client()
    form = client.get("/login", base_url="https://panel.test")

    answer = client.post(
        "/login",
        base_url="https://panel.test",
        data={"csrf_token": csrf_token(form.text), "email": EMAIL, "password": PASSWORD},
    )

    assert answer.status_code == 303
    cookies = [form.headers["Set-Cookie"], *answer.headers.getlist("Set-Cookie")]
    assert {cookie.split("=")[0] for cookie in cookies} == {
        "__Host-monitor_form",
        "__Host-monitor_session",
        "__Host-monitor_browser",
    }
    for cookie in cookies:
        assert {"Secure", "Path=/"} <= set(cookie.split("; "))
        assert "Domain" not in cookie
    out = client.post("/logout", base_url="https://panel.test", data={"csrf_token": "stale"})
    assert out.status_code == 400


@pytest.mark.parametrize(("path", "why"), [("/login", "csrf"), ("/logout", "Open the page again")])
def test_a_form_without_its_token_changes_nothing_and_says_why(client: FlaskClient, path: str, why: str) -> None:
    log_in(client)

    answer = client.post(path, data={"email": EMAIL, "password": PASSWORD})

    assert answer.status_code == 400
    assert why in answer.text
    assert client.get("/stream").status_code == 200


def test_a_logout_is_never_a_link(client: FlaskClient) -> None:
    assert client.get("/logout").status_code == 405


@pytest.mark.parametrize("target", ["/monitor?range=1h", "/", "/api/hosts"])
def test_a_login_leads_to_where_one_wanted_to_go(client: FlaskClient, target: str) -> None:
    assert log_in(client, next=target).location == target


@pytest.mark.parametrize(
    "target",
    [
        "",
        "monitor",
        "https://evil.test/",
        "//evil.test",
        "///evil.test",
        "/\\evil.test",
        "\\\\evil.test",
        "/\t/evil.test",
        "/\n/evil.test",
        "\t//evil.test",
        " //evil.test",
        "javascript:alert(1)",
        "/ok\r\nSet-Cookie: a=b",
        "/\u2028/evil.test",
    ],
)
def test_a_login_never_leads_to_another_site(client: FlaskClient, target: str) -> None:
    assert log_in(client, next=target).location == "/monitor"
    assert "<i>/monitor</i>" in client.get("/login", query_string={"next": target}).text


def test_an_unknown_user_and_a_wrong_password_get_the_same_answer(client: FlaskClient, accounts: Accounts) -> None:
    accounts.disable_user(VIEWER)
    token = open_login(client)
    tries = [(EMAIL, "wrong password"), ("nobody@example.test", PASSWORD), (VIEWER, PASSWORD), ("\x00", "")]

    answers = [client.post("/login", data={"csrf_token": token, "email": e, "password": p}) for e, p in tries]

    assert {answer.status_code for answer in answers} == {401}
    assert len({re.sub(r'value="[^"]+"', "", answer.text) for answer in answers}) == 1
    assert "<b>invalid</b>" in answers[0].text
    assert client.get_cookie("monitor_session") is None


def test_too_many_attempts_must_wait_even_with_the_right_password(client: FlaskClient) -> None:
    for _ in range(5):
        log_in(client, password="wrong password")

    answer = log_in(client)

    assert answer.status_code == 429
    assert 50 < int(answer.headers["Retry-After"]) <= 60
    assert "<b>throttled</b>" in answer.text


def test_a_forged_forwarding_header_is_no_other_client(client: FlaskClient) -> None:
    token = open_login(client)
    data = {"csrf_token": token, "email": EMAIL, "password": "wrong password"}

    codes = [
        client.post("/login", data=data, headers={"X-Forwarded-For": f"192.0.2.{n}"}).status_code for n in range(6)
    ]

    assert codes == [401] * 5 + [429]


def test_a_form_without_a_secret_key_of_ours_is_refused(client: FlaskClient, accounts: Accounts) -> None:
    other = make_app(accounts)
    other.secret_key = "o" * 32
    foreign = open_login(other.test_client())
    open_login(client)

    answer = client.post("/login", data={"csrf_token": foreign, "email": EMAIL, "password": PASSWORD})

    assert answer.status_code == 400


def test_the_door_stays_shut_while_the_accounts_cannot_be_asked(closed_client: FlaskClient) -> None:
    closed_client.set_cookie("monitor_session", "anything")

    answers = [
        closed_client.get("/monitor"),
        closed_client.get("/stream"),
        closed_client.get("/stream", headers=bearer("zvm_anything")),
        log_in(closed_client),
        closed_client.post("/logout", data={"csrf_token": open_login(closed_client)}),
    ]

    assert [answer.status_code for answer in answers] == [503] * 5
    assert all("cannot be checked now" in answer.text and answer.headers["Retry-After"] for answer in answers)
    assert [answer.mimetype == "text/html" for answer in answers] == [True, False, False, True, True]


def test_a_request_without_credentials_asks_no_database(closed_client: FlaskClient) -> None:
    assert closed_client.get("/monitor").status_code == 303
    assert closed_client.get("/stream").status_code == 401


def test_a_view_for_a_role_that_does_not_exist_cannot_be_declared() -> None:
    with pytest.raises(ValueError, match="superadmin"):
        require_role("superadmin")


def test_a_request_holds_no_connection_after_it_was_let_in(client: FlaskClient, engine: Engine) -> None:
    log_in(client)

    with client.get("/stream") as answer:
        assert answer.status_code == 200
        assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]
