"""Password, sessions and tokens of a user, through the real app's pages, on both databases."""

import re

import pytest
from flask import Flask

from app.accounts.accounts import Accounts
from app.accounts.audit import Audit
from app.accounts.identities import Assertion, Identities
from app.accounts.principals import Role
from app.accounts.sessions import Origin
from app.auth import reauthentication as confirmation
from tests.app.visitor import Make, Visitor
from tests.logins import ADMIN, csrf_token

EMAIL, PASSWORD = ADMIN
NEW_PASSWORD = "another long password"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"
COMMON = "password1234"


def change(person: Visitor, current: str, new: str, again: str | None = None, **more: str) -> int:
    person.get("/account")
    return person.post("/account/password", current=current, new=new, again=again or new, **more).status_code


def noted(app: Flask) -> list[tuple[str, str, str]]:
    audit: Audit = app.extensions["audit"]
    audit.write()
    return [(event.kind, event.who, event.detail) for event in audit.read()]


def test_a_user_changes_the_password_by_showing_the_current_one_and_every_other_session_ends(
    make: Make, accounts: Accounts
) -> None:
    app = make()
    ana, elsewhere = Visitor(app), Visitor(app)
    _, token = accounts.tokens.create(EMAIL)
    elsewhere.log_in()
    ana.log_in()
    before = ana.client.get_cookie("monitor_session")

    for current, new, again, status, says in (
        ("not the password", NEW_PASSWORD, NEW_PASSWORD, 401, "Senha incorreta."),
        (PASSWORD, NEW_PASSWORD, "something else", 422, "As duas senhas novas são diferentes."),
        (PASSWORD, PASSWORD, PASSWORD, 422, "Essa já é a sua senha atual."),
        (PASSWORD, "short", "short", 422, "pelo menos 12 caracteres"),
        (PASSWORD, "x" * 1025, "x" * 1025, 422, "longa demais"),
        (PASSWORD, COMMON, COMMON, 422, "comum ou fácil de adivinhar"),
        (PASSWORD, EMAIL, EMAIL, 422, "comum ou fácil de adivinhar"),
    ):
        assert change(ana, current, new, again) == status
        assert says in ana.reads()
    assert elsewhere.is_in()
    assert PASSWORD not in ana.page
    ana.get("/account")
    token_of_a_tab = csrf_token(ana.page)
    answer = ana.post("/account/password", current=PASSWORD, new=NEW_PASSWORD, again=NEW_PASSWORD)
    assert (answer.status_code, answer.location) == (303, "/account?done=password")
    assert "Senha alterada." in ana.get(answer.location).text
    assert (ana.is_in(), elsewhere.is_in()) == (True, False)
    seen = ana.client.post("/api/me/seen", headers={"X-CSRFToken": token_of_a_tab})
    assert seen.status_code == 204, "pages that are open in other tabs stay good"
    after = ana.client.get_cookie("monitor_session")
    assert before is not None
    assert after is not None
    assert before.value != after.value, "who has shown the password again gets a new token"
    assert accounts.principals.of_token(token), "scripts go on unless their end is asked for"
    assert Visitor(app).log_in().status_code == 401
    assert Visitor(app).log_in(password=NEW_PASSWORD).status_code == 303
    assert ("password_changed", EMAIL, "") in noted(app)
    assert ("confirm_failed", EMAIL, "/account/password") in noted(app)

    assert "Revogar também meus tokens de API" in ana.get("/account").text
    assert change(ana, NEW_PASSWORD, PASSWORD, tokens="revoke") == 303
    assert accounts.principals.of_token(token) is None
    assert ("password_changed", EMAIL, "with_tokens") in noted(app)


def test_guesses_at_the_current_password_are_throttled(make: Make) -> None:
    ana = Visitor(make())
    ana.log_in()

    statuses = [change(ana, f"guess number {n}", NEW_PASSWORD) for n in range(11)]

    assert statuses == [401] * 10 + [429]
    assert change(ana, PASSWORD, NEW_PASSWORD) == 429
    assert ana.is_in()


def test_a_user_sees_the_own_sessions_and_ends_one_or_all_others_by_showing_the_password(
    make: Make, accounts: Accounts
) -> None:
    app = make()
    accounts.create_user("other@example.test", PASSWORD, Role.SUPER_ADMIN)
    stranger = Visitor(app)
    stranger.log_in("other@example.test")
    ana = Visitor(app, agent=FIREFOX)
    others = [Visitor(app, address=f"192.0.2.{n}", agent="<script>alert(1)</script>") for n in (7, 8, 9)]
    for each in others:
        each.log_in()
    ana.log_in()
    ana.get("/account")
    shown = ana.reads()

    assert "Firefox 143, Linux esta sessão 192.0.2.1 · com senha" in shown
    assert shown.count("Navegador desconhecido") == 3
    assert "192.0.2.8" in shown
    assert "alert(1)" not in ana.page
    ids = re.findall(r'name="end" value="(\w{12})"', ana.page)
    assert len(ids) == 3, "not that of this browser, which has the logout"
    foreign = accounts.sessions.list("other@example.test")[0].id

    assert ana.post("/account/sessions", end=ids[0], password="not the password").status_code == 401
    assert ana.post("/account/sessions", end=ids[0]).status_code == 401
    assert all(each.is_in() for each in others)
    assert ana.post("/account/sessions", end=ids[0], password=PASSWORD).status_code == 303
    assert [each.is_in() for each in others] == [True, True, False]
    for unknown in (foreign, "%", "", "x" * 12):
        ana.get("/account")
        assert ana.post("/account/sessions", end=unknown, password=PASSWORD).status_code == 303
    assert stranger.is_in()
    ana.get("/account")
    assert ana.post("/account/sessions", end="others", password=PASSWORD).location == "/account?done=sessions"
    assert [each.is_in() for each in (*others, ana, stranger)] == [False, False, False, True, True]
    assert "Nenhuma outra sessão." in ana.get("/account?done=sessions").text
    assert [row for row in noted(app) if row[0] == "session_revoked"] == [
        ("session_revoked", EMAIL, "others"),
        ("session_revoked", EMAIL, ids[0]),
    ]


def test_a_user_sees_and_revokes_the_own_tokens_alone(make: Make, accounts: Accounts) -> None:
    accounts.create_user("other@example.test", PASSWORD, Role.SUPER_ADMIN)
    mine, token = accounts.tokens.create(EMAIL)
    foreign, kept = accounts.tokens.create("other@example.test")
    app = make()
    ana = Visitor(app)
    ana.log_in()
    ana.get("/account")
    assert token not in ana.page

    assert re.findall(r'name="revoke" value="(\d+)"', ana.page) == [str(mine)]
    for text in (str(foreign), "x", "", "-1", "9" * 30, "١"):
        assert ana.post("/account/tokens", revoke=text).location == "/account"
    assert ana.post("/account/tokens", revoke=str(mine)).location == "/account?done=token"
    assert (accounts.principals.of_token(token), accounts.principals.of_token(kept) is None) == (None, False)
    assert ("token_revoked", EMAIL, f"token {mine}") in noted(app)


def test_a_token_is_no_person_and_changes_no_account(make: Make, accounts: Accounts) -> None:
    client = make().test_client()
    headers = {"Authorization": f"Bearer {accounts.tokens.create(EMAIL)[1]}"}

    assert client.get("/account", headers=headers).status_code == 403
    for form in ("password", "sessions", "tokens"):
        answer = client.post(f"/account/{form}", data={"end": "others", "current": PASSWORD}, headers=headers)
        assert answer.status_code == 403


def test_who_comes_by_another_system_has_no_password_here_and_shows_again_who_they_are_there(
    make: Make, accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make()
    identities = Identities(accounts._engine, accounts)
    person = identities.find_or_create(
        Assertion(issuer="https://idp.test", subject="1", email="sso@example.test", is_super_admin=True)
    )
    assert person is not None
    opened = [accounts.open_session_for(person, Origin("oidc")) for _ in range(2)]
    ana = Visitor(app)
    assert opened[0] is not None
    ana.client.set_cookie("monitor_session", opened[0].token)

    page = ana.get("/account").text
    assert 'name="current"' not in page
    assert 'name="password"' not in page
    assert ana.post("/account/password", current="", new=NEW_PASSWORD, again=NEW_PASSWORD).location == "/account"
    monkeypatch.setattr(confirmation, "FRESH_S", 0.0)
    assert ana.post("/account/sessions", end="others").status_code == 401
    assert "Para encerrar uma sessão, entre novamente." in ana.get("/account").text
    monkeypatch.undo()
    ana.get("/account")
    assert ana.post("/account/sessions", end="others").status_code == 303
    assert len(accounts.sessions.list("sso@example.test")) == 1


def test_a_password_of_the_operators_is_replaced_before_anything_opens(make: Make, accounts: Accounts) -> None:
    app = make()
    accounts.set_password(EMAIL, PASSWORD, is_initial=True)
    ana, thief = Visitor(app), Visitor(app)

    assert ana.log_in(target="/monitor?range=1h").location == "/login/password?next=/monitor?range%3D1h"
    assert not ana.is_in()
    assert ana.get("/monitor").status_code == 303
    assert thief.get("/login/password").location == "/login?next=/monitor"
    thief.get("/login")
    assert thief.post("/login/password", new=NEW_PASSWORD, again=NEW_PASSWORD).location == "/login?next=/monitor"
    ana.get("/login/password?next=/monitor?range%3D1h")
    assert ana.post("/login/password", new=NEW_PASSWORD, again="something else").status_code == 422
    assert ana.post("/login/password", new=PASSWORD, again=PASSWORD).status_code == 422
    assert ana.post("/login/password", new=COMMON, again=COMMON).status_code == 422
    step = ana.client.get_cookie("monitor_step")
    answer = ana.post("/login/password", new=NEW_PASSWORD, again=NEW_PASSWORD)

    assert (answer.status_code, answer.location) == (303, "/monitor?range=1h")
    assert ana.is_in()
    assert ana.client.get_cookie("monitor_step") is None
    assert step is not None
    thief.client.set_cookie("monitor_step", step.value)
    assert thief.get("/login/password").location == "/login?next=/monitor", "that step is over"
    assert Visitor(app).log_in().status_code == 401
    assert Visitor(app).log_in(password=NEW_PASSWORD).location == "/monitor"
    assert ("password_changed", EMAIL, "") in noted(app)


def test_a_second_factor_comes_before_a_new_password_and_its_enrolment_after(make: Make, accounts: Accounts) -> None:
    app = make(REQUIRE_SECOND_FACTOR="true")
    clock = app.extensions["second_factors"]._clock
    accounts.set_password(EMAIL, PASSWORD, is_initial=True)
    ana = Visitor(app, clock)

    assert ana.log_in().location == "/login/password?next=/monitor"
    assert ana.get("/login/enrol").location == "/login?next=/monitor", "first a password"
    ana.get("/login/password?next=/monitor")
    assert ana.post("/login/password", new=NEW_PASSWORD, again=NEW_PASSWORD).location == "/login/enrol?next=/monitor"
    assert not ana.is_in()
    ana.get("/login/enrol?next=/monitor")
    ana.read_qr()
    ana.post("/login/enrol", code=ana.code())
    assert ana.is_in()

    accounts.set_password(EMAIL, PASSWORD, is_initial=True)
    assert not ana.is_in()
    assert ana.log_in().location == "/login/code?next=/monitor"
    assert ana.get("/login/password").location == "/login?next=/monitor", "first a code"
    assert ana.give_code(ana.code()).location == "/login/password?next=/monitor?range%3D1h"
    assert not ana.is_in()
    ana.get("/login/password?next=/monitor")
    assert ana.post("/login/password", new=NEW_PASSWORD, again=NEW_PASSWORD).location == "/monitor"
    assert ana.is_in()
    assert ("login_ok", EMAIL, "totp") in noted(app)


def test_one_login_too_many_ends_the_oldest_and_is_in_the_audit(make: Make) -> None:
    app = make(MAX_SESSIONS_PER_USER="2")
    visitors = [Visitor(app) for _ in range(3)]
    for each in visitors:
        each.log_in()

    assert [each.is_in() for each in visitors] == [False, True, True]
    assert ("session_replaced", EMAIL, "") in noted(app)
    visitors[2].log_in()
    assert [each.is_in() for each in visitors] == [False, True, True], "a browser that comes again takes its own place"
