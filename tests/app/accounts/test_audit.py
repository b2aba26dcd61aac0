import pytest
from sqlalchemy import Engine

from app.accounts import audit as bounds
from app.accounts.accounts import Accounts
from app.accounts.audit import MAX_PENDING, ROWS_A_MINUTE, USER_ROWS_A_MINUTE, Audit
from tests.app.visitor import Make, Visitor
from tests.logins import ADMIN


def test_what_happened_is_read_back_newest_first_page_by_page(engine: Engine) -> None:
    audit = Audit(engine, keep_s=60, clock=lambda: 1000.0)
    audit.note("login_ok", who="a@example.test", address="192.0.2.1", detail="password")
    audit.note("logout", who="a@example.test")
    assert audit.read() == []

    audit.write()

    newest, oldest = audit.read()
    assert (newest.kind, oldest.kind, oldest.at, oldest.count) == ("logout", "login_ok", 1000.0, 1)
    assert (oldest.who, oldest.address, oldest.detail) == ("a@example.test", "192.0.2.1", "password")
    assert audit.read(before_id=newest.id) == [oldest]


def test_a_flood_costs_a_few_rows_a_minute_and_is_counted(engine: Engine) -> None:
    now = 0.0
    audit = Audit(engine, keep_s=3600, clock=lambda: now)
    for _ in range(1000):
        audit.note("login_failed", address="192.0.2.1")
    audit.note("role_changed", who="a@example.test")
    audit.write()
    assert audit.count() == ROWS_A_MINUTE + 1

    now = 61.0
    audit.write()

    newest = audit.read(limit=1)[0]
    assert (newest.kind, newest.count) == ("login_failed", 1000 - ROWS_A_MINUTE)


def test_noise_about_nobody_hides_nothing_about_a_user_and_all_is_counted(engine: Engine) -> None:
    now = 0.0
    audit = Audit(engine, keep_s=3600, clock=lambda: now)
    for number in range(500):
        audit.note("login_failed", who=f"nobody-{number}@example.test")
    for _ in range(25):
        audit.note("login_failed", who="a@example.test", is_user=True)
    audit.note("login_failed", who="b@example.test", is_user=True)
    now = 61.0
    audit.write()

    rows = audit.read(limit=1000)
    counted = {
        who: sum(row.count for row in rows if row.who == who) for who in ("a@example.test", "b@example.test", "")
    }
    assert counted == {"a@example.test": 25, "b@example.test": 1, "": 500 - ROWS_A_MINUTE}
    assert len(rows) == ROWS_A_MINUTE + 1 + USER_ROWS_A_MINUTE + 1 + 1


def test_guesses_at_a_user_are_in_the_audit_amid_guesses_at_made_up_names(make: Make) -> None:
    app = make(TRUSTED_PROXIES="1")
    stranger = Visitor(app)
    stranger.get("/login")
    for number in range(34):
        stranger.client.environ_base["HTTP_X_FORWARDED_FOR"] = f"198.51.100.{number}"
        email = ADMIN[0] if number > 31 else f"nobody-{number}@example.test"
        assert stranger.post("/login", email=email, password="a wrong password").status_code == 401
    audit = app.extensions["audit"]
    audit.write()

    guesses = [row.address for row in audit.read() if (row.kind, row.who) == ("login_failed", ADMIN[0])]
    assert guesses == ["198.51.100.33", "198.51.100.32"]


def test_the_audit_names_whom_a_login_was_aimed_at_in_the_form_in_which_users_are_stored(make: Make) -> None:
    app, typed = make(), (" " * 300 + ADMIN[0].upper(), "a\x1b[2J@example.test", "not an address")
    visitor = Visitor(app)
    for email in typed:
        assert visitor.log_in(email=email, password="a wrong password").status_code == 401
    audit = app.extensions["audit"]
    audit.write()

    assert [row.who for row in audit.read()] == ["", "", ADMIN[0]]


def test_old_noise_about_nobody_pushes_out_none_about_a_user(
    engine: Engine, accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "MAX_NOISY_ROWS", 10)
    now = 0.0
    audit = Audit(engine, keep_s=10**9, clock=lambda: now)
    for who, rows in ((ADMIN[0], 15), ("nobody@example.test", 20)):
        for number in range(rows):
            now += 60
            audit.note("login_failed", who=who, detail=str(number), is_user=who == ADMIN[0])
    audit.write()
    audit.prune()

    kept = [(row.who, int(row.detail)) for row in audit.read()]
    assert kept == [("nobody@example.test", n) for n in range(19, 9, -1)] + [(ADMIN[0], n) for n in range(14, 4, -1)]


def test_while_the_database_is_away_no_more_is_kept_than_fits(engine: Engine) -> None:
    audit = Audit(engine, keep_s=3600, clock=lambda: 0.0)

    for _ in range(2 * MAX_PENDING):
        audit.note("login_ok")
    audit.write()

    assert audit.count() == MAX_PENDING


def test_what_is_too_old_goes_and_of_noise_what_is_too_much(engine: Engine, monkeypatch) -> None:
    now = 0.0
    monkeypatch.setattr(bounds, "MAX_NOISY_ROWS", 10)
    audit = Audit(engine, keep_s=3600, clock=lambda: now)
    audit.note("user_created")
    audit.write()
    now = 3000.0
    audit.note("user_disabled")
    for _ in range(20):
        audit.note("login_failed")
    audit.write()
    now = 4000.0

    audit.prune()

    kinds = [event.kind for event in audit.read()]
    assert sorted(set(kinds)) == ["login_failed", "user_disabled"]
    assert kinds.count("login_failed") == 10


def test_what_strangers_typed_misleads_no_terminal(engine: Engine) -> None:
    audit = Audit(engine, keep_s=60)

    audit.note("refused", who="\x1b[2J@x", address="\u202e1", detail="a\nb" + "x" * 500)
    audit.write()

    [event] = audit.read()
    assert (event.who, event.address, event.detail[:3], len(event.detail)) == ("?[2J@x", "?1", "a?b", 200)
