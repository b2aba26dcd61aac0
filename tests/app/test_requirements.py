"""Requirements of ASVS that no other test covers; docs/asvs.md names the test of each."""

import ast
import logging
import math
import re
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.accounts.accounts import Accounts
from app.accounts.migrations import migrate
from app.accounts.principals import Role
from app.accounts.second_factors import RECOVERY_BYTES, SECRET_CHARS
from settings import load_settings
from store.database import make_engine
from tests.logins import ADMIN, open_login, open_session
from tests.services import free_port
from tests.test_conventions import SOURCES

EMAIL, PASSWORD = ADMIN
ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "app/templates").rglob("*.html"))
RUNS_TEXT = {"eval", "exec", "compile", "__import__", "system", "popen", "render_template_string", "from_string"}
"""Calls that take a text for code, a command or a template."""


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return {
        "SECRET_KEY": secrets.token_hex(32),
        "DATABASE_URL": f"sqlite:///{tmp_path_factory.mktemp('requirements')}/monitor.sqlite3",
        "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
    }


@pytest.fixture(scope="module")
def app(environ: dict[str, str]) -> Iterator[Flask]:
    url = environ["DATABASE_URL"]
    engine = make_engine(url)
    migrate(engine)
    accounts = Accounts(engine)
    accounts.create_user(*ADMIN, Role.SUPER_ADMIN)
    accounts.create_user("viewer@example.test", PASSWORD, Role.VIEWER)
    engine.dispose()
    app = create_app(load_settings(environ))
    app.add_url_rule("/breaks", view_func=lambda: 1 / 0)
    yield app
    app.extensions["accounts"]._engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def login_status(client: FlaskClient, path: str = "/login", **fields: str) -> int:
    """Log in, and return the answer's status."""
    data = {"csrf_token": open_login(client), **fields}
    address = f"192.0.2.{secrets.randbelow(250)}"
    return client.post(path, data=data, environ_base={"REMOTE_ADDR": address}).status_code


def calls_of(path: Path) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            bare = isinstance(node.func, ast.Name) and node.func.id
            yield bare or (node.func.attr if isinstance(node.func, ast.Attribute) else ""), node


def test_no_text_becomes_code_a_shells_command_or_a_template() -> None:
    for path in SOURCES:
        for name, call in calls_of(path):
            called = ast.unparse(call.func)
            is_harmless = called in ("re.compile", "platform.system", "query.compile")
            assert name not in RUNS_TEXT or is_harmless, f"{path}: {called}"
            assert not [each for each in call.keywords if each.arg == "shell"], f"{path}: {called}"


def test_text_is_decoded_once(client: FlaskClient) -> None:
    page = client.get("/login?next=/monitor%253Fa%3D%2526amp%253B").text

    assert 'name="next" value="/monitor%3Fa=%26amp%3B"' in page
    assert client.get("/static/js/%252e%252e/%252e%252e/settings.py").status_code == 404


def test_what_a_form_asks_for_comes_from_the_form_alone(client: FlaskClient) -> None:
    assert login_status(client, f"/login?email={EMAIL}&password={PASSWORD.replace(' ', '%20')}") == 401
    assert login_status(client, "/login?email=x&password=x", email=EMAIL, password=PASSWORD) == 303


def test_fields_that_nobody_asked_for_change_nothing(client: FlaskClient) -> None:
    assert login_status(client, email="viewer@example.test", password=PASSWORD, role="super_admin", user_id="1") == 303
    assert client.get("/api/me").status_code == 403


@pytest.mark.parametrize(
    "sent",
    ["1.2.3.{}", "1.2.3.{}, 5.6.7.8", '"1.2.3.{}', "1.2.3.{}, ,", "x" * 3000 + "{}"],
    ids=["forged", "two", "quoted", "empty", "long"],
)
def test_behind_a_proxy_a_client_is_who_the_proxy_says_whatever_it_says_itself(
    app: Flask, environ: dict[str, str], sent: str
) -> None:
    assert app, "which has made the tables"
    behind = create_app(load_settings({**environ, "TRUSTED_PROXIES": "1"})).test_client()
    token = open_login(behind)

    statuses = [
        behind.post(
            "/login",
            data={"csrf_token": token, "email": f"nobody-{number}@example.test", "password": "wrong"},
            headers={"X-Forwarded-For": f"{sent.format(number)}, 203.0.113.9"},
        ).status_code
        for number in range(6)
    ]

    assert statuses == [401] * 5 + [429]


def test_a_password_is_good_until_somebody_changes_it(app: Flask) -> None:
    accounts: Accounts = app.extensions["accounts"]
    late = Accounts(accounts._engine, clock=lambda: time.time() + 20 * 365 * 86_400)

    assert open_session(late, EMAIL, PASSWORD) is not None


def test_a_password_is_hidden_while_it_is_typed_and_may_be_pasted_or_filled_in() -> None:
    found = [each for path in TEMPLATES for each in re.findall(r"<input [^>]*password[^>]*>", path.read_text(), re.S)]
    for field in found:
        assert 'type="password"' in field
        assert re.search(r'autocomplete="(current|new)-password"', field), field
        assert "onpaste" not in field
    assert found
    assert not [path for path in (ROOT / "static/js").rglob("*.js") if "'paste'" in path.read_text()]


def test_codes_cannot_be_guessed_or_foreseen() -> None:
    assert RECOVERY_BYTES * 8 >= 112
    assert SECRET_CHARS * math.log2(32) >= 160
    made = {name for name, _ in calls_of(ROOT / "app/accounts/second_factors.py")}
    assert {"token_bytes", "random_base32"} <= made, "by the system's generator, of which pyotp's is one"


def test_nothing_but_the_pages_files_is_kept_by_a_cache(app: Flask, client: FlaskClient) -> None:
    assert login_status(client, email=EMAIL, password=PASSWORD) == 303
    for reader in (client, app.test_client()):
        for rule in app.url_map.iter_rules():
            if "GET" in (rule.methods or ()) and not rule.rule.startswith("/static/") and rule.rule != "/stream":
                kept = reader.get(rule.rule).headers["Cache-Control"]
                assert kept == "no-store", rule.rule
    assert app.test_client().get("/stream").headers["Cache-Control"] == "no-store"


def test_a_browser_stores_what_its_viewer_has_chosen_and_nothing_that_was_shown() -> None:
    scripts = {path.name: path.read_text() for path in (ROOT / "static/js").rglob("*.js")}
    storing = {name for name, text in scripts.items() if re.search(r"(local|session)Storage\.setItem|indexedDB", text)}

    assert storing == {"preferences.js", "tv.js"}, "what was chosen, and when TV mode was last loaded again"


def test_an_error_that_nobody_foresaw_is_logged_whole_and_told_in_general(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = client.get("/breaks")

    assert answer.status_code == 500
    assert set(answer.json or {}) == {"status", "code", "message"}
    assert "ZeroDivision" not in answer.text
    assert "ZeroDivisionError" in caplog.text
