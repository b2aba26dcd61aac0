"""The second factor, from the enrolment to the operator's reset, through the real app and its pages."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from app.accounts.accounts import Accounts
from app.accounts.encryption import Cipher, Undecryptable
from app.accounts.second_factors import RECOVERY_CODES
from store.database import reading
from tests.app.visitor import KEY, Clock, Make, Visitor
from tests.logins import ADMIN, csrf_token

EMAIL, PASSWORD = ADMIN


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """SQLite alone: test_second_factors.py covers the differences between the databases."""
    return f"sqlite:///{tmp_path}/monitor.sqlite3"


def recovery_codes(answer: TestResponse) -> list[str]:
    return re.findall(r"<code>([A-Z2-7-]+)</code>", answer.text)


def enrol(person: Visitor) -> list[str]:
    person.log_in()
    person.get("/second-factor")
    person.read_qr()
    return recovery_codes(person.post("/second-factor/enrol", code=person.code(), password=PASSWORD))


def test_a_user_gets_a_second_factor_and_from_then_on_a_password_is_not_enough(make: Make, clock: Clock) -> None:
    app = make()
    ana, elsewhere = Visitor(app, clock), Visitor(app, clock)
    elsewhere.log_in()
    ana.log_in()
    offer = ana.get("/second-factor")
    ana.read_qr()

    assert "data:image/svg+xml" in offer.text
    assert len(ana.secret) == 32
    assert not re.search(r"style=|<script(?! src| type=.module. src)", offer.text)
    assert ana.post("/second-factor/enrol", code=ana.code(), password="not the password").status_code == 401
    assert ana.post("/second-factor/enrol", code="000000", password=PASSWORD).status_code == 401
    first = ana.code()
    codes = recovery_codes(ana.post("/second-factor/enrol", code=first, password=PASSWORD))

    assert len(set(codes)) == RECOVERY_CODES
    assert (ana.is_in(), elsewhere.is_in()) == (True, False)
    assert b"Ativo" in ana.get("/second-factor").data

    ana.client.post("/logout", data={"csrf_token": csrf_token(ana.page)})
    step = ana.log_in(target="/monitor?range=1h")
    assert (step.status_code, step.location) == (303, "/login/code?next=/monitor?range%3D1h")
    assert not ana.is_in()
    assert ana.give_code(first).status_code == 401, "a code counts once"
    code = ana.code()
    entered = ana.give_code(f" {code[:3]} {code[3:]}")
    assert (entered.status_code, entered.location) == (303, "/monitor?range=1h")
    assert ana.is_in()

    again = Visitor(app, clock)
    again.log_in()
    assert again.give_code(code).status_code == 401, "nor in another browser"
    assert again.give_code(codes[0].lower()).status_code == 303
    assert again.is_in()
    third = Visitor(app, clock)
    third.log_in()
    assert third.give_code(codes[0]).status_code == 401, "a recovery code counts once too"


def test_where_it_is_required_nobody_learns_whether_the_password_was_right(make: Make, clock: Clock) -> None:
    owner = Visitor(make(), clock)
    enrol(owner)
    app = make(REQUIRE_SECOND_FACTOR="true")
    right, wrong, unknown = (Visitor(app, clock, f"192.0.2.{n}") for n in (1, 2, 3))
    answers = [
        right.log_in(), wrong.log_in(password="not the password"), unknown.log_in("nobody@example.test")
    ]  # fmt: skip

    assert len({(answer.status_code, answer.location, answer.text) for answer in answers}) == 1
    # The moment of the answer aside, which may fall into another second.
    cookies_set = {re.sub(r"(monitor_step|Expires)=[^;]+", "", answer.headers["Set-Cookie"]) for answer in answers}
    assert len(cookies_set) == 1
    cookies = [each.client.get_cookie("monitor_step") for each in (right, wrong, unknown)]
    assert len({len(unquote(cookie.value)) for cookie in cookies if cookie}) == 1
    seen = set()
    for each in (right, wrong, unknown):
        code = "000000" if each is right else owner.code()
        answer = each.give_code(code)
        seen.add((answer.status_code, re.sub(r'(csrf_token" value=")[^"]+', "", answer.text)))
        assert not each.is_in()
    assert len(seen) == 1
    assert right.give_code(owner.code()).status_code == 303


def test_where_it_is_required_who_has_none_is_led_to_it_before_anything_else(make: Make, clock: Clock) -> None:
    app = make(REQUIRE_SECOND_FACTOR="true")
    new = Visitor(app, clock)

    assert new.log_in().location == "/login/enrol?next=/monitor"
    assert not new.is_in()
    assert new.give_code("000000").status_code == 401
    assert new.get("/monitor").status_code == 303
    new.get("/login/enrol?next=/monitor?range%3D1h")
    new.read_qr()
    shown = new.secret
    assert new.post("/login/enrol", code="000000").status_code == 200
    new.read_qr()
    assert new.secret == shown, "what was scanned still counts after a mistyped code"
    done = new.post("/login/enrol", code=new.code())

    assert len(recovery_codes(done)) == RECOVERY_CODES
    assert 'href="/monitor?range=1h"' in done.text
    assert done.headers["Cache-Control"] == "no-store"
    assert new.is_in()
    assert "Desativar" not in new.get("/second-factor").text
    new.post("/second-factor", code=new.code(), action="remove")
    assert app.extensions["second_factors"].is_enrolled(1)


def test_guesses_are_few_even_for_who_knows_the_password(make: Make, clock: Clock) -> None:
    app = make()
    owner = Visitor(app, clock)
    enrol(owner)
    thief = Visitor(app, clock, "198.51.100.7")
    thief.log_in()

    codes = [thief.give_code(f"{n:06}").status_code for n in range(6)]
    assert codes == [401] * 5 + [429]
    assert int(thief.give_code(owner.code()).headers["Retry-After"]) > 0
    for network in range(5):
        other = Visitor(app, clock, f"203.0.113.{network}")
        other.log_in()
        other.give_code("000000")
    stranger = Visitor(app, clock, "203.0.113.99")
    stranger.log_in()
    assert stranger.give_code(owner.code()).status_code == 429, "the account's own allowance, from a new address"
    owner.log_in()
    assert owner.give_code(owner.code()).status_code == 303, "the browser that the account knows has its own"


def test_a_step_is_bound_to_what_it_was_made_for(make: Make, clock: Clock, accounts: Accounts) -> None:
    app = make()
    ana = Visitor(app, clock)
    enrol(ana)
    ana.log_in()
    cookie = ana.client.get_cookie("monitor_step")
    assert cookie is not None

    foreign = [Cipher(KEY, "enrolment").encrypt([1, "A" * 32]), Cipher("o" * 32, "login step").encrypt({})]
    for forged in ("", "x", cookie.value[:-2], *foreign):
        ana.client.set_cookie("monitor_step", forged)
        assert ana.get("/login/code").location == "/login?next=/monitor"
        ana.get("/login")
        for path in ("/login/code", "/login/enrol"):
            assert ana.post(path, code=ana.code()).location == "/login?next=/monitor"
    ana.client.set_cookie("monitor_step", cookie.value)
    accounts.set_password(EMAIL, "quite another pass phrase")
    assert ana.give_code(ana.code()).status_code == 401, "the password was changed in between"
    accounts.disable_user(EMAIL)
    assert ana.give_code(ana.code()).status_code == 401


def test_what_was_enrolled_is_changed_by_who_shows_a_code_and_reset_by_the_operator(
    make: Make, clock: Clock, accounts: Accounts
) -> None:
    app = make()
    ana = Visitor(app, clock)
    old = enrol(ana)
    run = app.test_cli_runner().invoke

    elsewhere = Visitor(app, clock)
    elsewhere.log_in()
    elsewhere.give_code(ana.code())
    ana.get("/second-factor")
    assert ana.post("/second-factor", code="000000", action="renew").status_code == 401
    assert elsewhere.is_in()
    ana.get("/second-factor")
    new = recovery_codes(ana.post("/second-factor", code=ana.code(), action="renew"))
    assert set(new).isdisjoint(old)
    assert (ana.is_in(), elsewhere.is_in()) == (True, False)
    ana.get("/second-factor")
    assert ana.post("/second-factor", code=old[0], action="remove").status_code == 401
    ana.get("/second-factor")
    assert ana.post("/second-factor", code=new[0], action="remove").status_code == 303
    assert ana.log_in().location == "/monitor"

    ana.get("/second-factor")
    ana.read_qr()
    ana.post("/second-factor/enrol", code=ana.code(), password=PASSWORD)
    listed = run(args=["users", "totp", "list"])
    assert EMAIL in listed.output
    assert listed.output.split()[-1] == str(RECOVERY_CODES)
    assert run(args=["users", "totp", "reset", "nobody@example.test"]).exit_code == 1
    assert run(args=["users", "totp", "reset", EMAIL.upper()]).exit_code == 0
    assert not ana.is_in()
    assert ana.log_in().location == "/monitor"
    token = {"Authorization": f"Bearer {accounts.tokens.create(EMAIL)[1]}"}
    assert ana.client.get("/second-factor", headers=token).status_code == 403


def test_a_change_of_the_second_factor_ends_every_other_session(make: Make, clock: Clock) -> None:
    app = make()
    ana, elsewhere = Visitor(app, clock), Visitor(app, clock)
    elsewhere.log_in()
    enrol(ana)
    assert (ana.is_in(), elsewhere.is_in()) == (True, False), "it has one now"

    for action in ("renew", "remove"):
        elsewhere.log_in()
        elsewhere.secret = ana.secret
        assert elsewhere.give_code(elsewhere.code()).status_code == 303
        assert elsewhere.is_in()
        before = ana.client.get_cookie("monitor_session")
        ana.get("/second-factor")
        ana.post("/second-factor", code=ana.code(), action=action)
        assert (ana.is_in(), elsewhere.is_in()) == (True, False), action
        assert before != ana.client.get_cookie("monitor_session")


def test_a_password_that_the_operator_sets_leaves_the_second_factor(
    make: Make, clock: Clock, accounts: Accounts
) -> None:
    ana = Visitor(make(), clock)
    enrol(ana)
    accounts.set_password(EMAIL, "quite another pass phrase")

    assert "/login/code" in ana.log_in(password="quite another pass phrase").location
    assert not ana.is_in()
    assert ana.give_code(ana.code()).status_code == 303


def test_a_reset_ends_a_login_that_still_chooses_its_own_password(make: Make, clock: Clock, accounts: Accounts) -> None:
    app = make()
    ana = Visitor(app, clock)
    enrol(ana)
    accounts.set_password(EMAIL, "quite another pass phrase", is_initial=True)
    ana.log_in(password="quite another pass phrase")
    assert "/login/password" in ana.give_code(ana.code()).location
    assert app.test_cli_runner().invoke(args=["users", "totp", "reset", EMAIL]).exit_code == 0

    chosen = "a pass phrase of my own"
    assert ana.post("/login/password", new=chosen, again=chosen).location.startswith("/login?")

    assert not ana.is_in()
    assert accounts.check_password(EMAIL, chosen) is None


def test_the_database_tells_no_secret_and_another_key_opens_none(make: Make, clock: Clock, engine: Engine) -> None:
    ana = Visitor(make(), clock)
    codes = enrol(ana)
    with reading(engine) as connection:
        rows = str([connection.execute(text(f"SELECT * FROM {name}")).all() for name in ("second_factors", "recovery_codes")])  # fmt: skip  # noqa: E501
    assert ana.secret not in rows
    assert not [code for code in codes if code in rows or code.replace("-", "") in rows]

    other = Visitor(make(SECRET_KEY="another key that is long enough, too"), clock)
    other.log_in()
    assert other.give_code(ana.code()).status_code == 401, "SECRET_KEY is another one"
    assert other.give_code(codes[0]).status_code == 303, "recovery codes do not hang on it"


def test_a_seal_opens_only_what_it_closed_for_its_purpose_in_time(tmp_path: Path) -> None:
    cipher = Cipher(KEY, "a")

    assert cipher.decrypt(cipher.encrypt({"b": [1]}), max_age_s=10) == {"b": [1]}
    for text_ in (
        Cipher(KEY, "b").encrypt(1),
        Cipher("o" * 40, "a").encrypt(1),
        "",
        "é",
        "AAAA",
        cipher.encrypt(1)[:-4],
    ):
        with pytest.raises(Undecryptable):
            cipher.decrypt(text_)
    with pytest.raises(Undecryptable):
        cipher.decrypt(cipher.encrypt(1), max_age_s=-2)
    assert cipher.encrypt(1) != cipher.encrypt(1)
    sealed = cipher.encrypt({"b": [1]})
    for at in range(len(sealed)):
        changed = sealed[:at] + ("A" if sealed[at] != "A" else "B") + sealed[at + 1 :]
        with pytest.raises(Undecryptable):
            cipher.decrypt(changed)
