"""The device cookie in the real app: its mark protects the account's owner and gives an attacker nothing."""

from pathlib import Path
from typing import Any

import pytest

from app.accounts.accounts import Accounts
from tests.app.pages.test_second_factor_page import enrol
from tests.app.visitor import Clock, Make, Visitor
from tests.logins import ADMIN

EMAIL, PASSWORD = ADMIN
NEW_PASSWORD = "quite another pass phrase"  # pragma: allowlist secret
COOKIE = "monitor_browser"


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/monitor.sqlite3"


def mint(app, clock: Clock, count: int, password: str = PASSWORD) -> list[str]:
    """The marks of `count` logins, each in a new browser at a new address."""
    marks = []
    for number in range(count):
        thief = Visitor(app, clock, f"198.51.100.{number}")
        assert thief.log_in(password=password).location == "/monitor"
        cookie = thief.client.get_cookie(COOKIE)
        assert cookie is not None
        marks.append(cookie.value)
    return marks


def guess(app, clock: Clock, marks: list[str], times: int, password: str | None = None) -> list[int]:
    """Send wrong passwords, or wrong codes after the right password, with each mark in turn."""
    statuses = []
    for number, mark in enumerate(marks):
        thief = Visitor(app, clock, f"203.0.113.{number}")
        thief.client.set_cookie(COOKIE, mark)
        if password:
            thief.log_in(password=password)
        for _ in range(times):
            answer = thief.give_code("000000") if password else thief.log_in(password="a wrong password")
            statuses.append(answer.status_code)
    return statuses


def test_a_dozen_marks_give_no_more_guesses_at_a_code_than_none(make: Make, clock: Clock) -> None:
    app = make()
    marks = mint(app, clock, 12)
    owner = Visitor(app, clock)
    enrol(owner)

    statuses = guess(app, clock, marks, 6, PASSWORD)

    assert statuses.count(401) == 10, "the strangers': all marks have ended with the enrolment"
    assert set(statuses) <= {400, 401, 429}, "400: back at the login, which was refused as well"
    owner.log_in()
    assert owner.give_code(owner.code()).status_code == 303, "its owner is not shut out"


def test_a_dozen_marks_of_today_share_ten_guesses_at_the_password(make: Make, clock: Clock) -> None:
    app = make()
    marks = mint(app, clock, 12)

    assert guess(app, clock, marks, 2).count(401) == 10


def test_a_stolen_mark_of_today_gives_five_guesses_at_a_code_and_takes_no_more_than_is_kept_for_it(
    make: Make, clock: Clock
) -> None:
    app = make()
    owner = Visitor(app, clock)
    enrol(owner)
    mark = owner.client.get_cookie(COOKIE)
    assert mark is not None

    assert guess(app, clock, [mark.value] * 10, 1, PASSWORD).count(401) == 5


def test_another_password_ends_every_mark_but_that_of_the_browser_that_changed_it(
    make: Make, clock: Clock, accounts: Accounts
) -> None:
    app = make()
    [mark] = mint(app, clock, 1)
    owner = Visitor(app, clock)
    owner.log_in()
    owner.get("/account")
    changed = owner.post("/account/password", current=PASSWORD, new=NEW_PASSWORD, again=NEW_PASSWORD)
    assert changed.status_code == 303
    for number in range(10):
        Visitor(app, clock, f"192.0.2.{10 + number}").log_in(password="a wrong password")

    thief, stranger = Visitor(app, clock, "203.0.113.66"), Visitor(app, clock, "203.0.113.67")
    thief.client.set_cookie(COOKIE, mark)
    assert thief.log_in(password=NEW_PASSWORD).status_code == stranger.log_in(password=NEW_PASSWORD).status_code == 429
    owner.client.delete_cookie("monitor_session")
    assert owner.log_in(password=NEW_PASSWORD).status_code == 303


def test_a_password_that_changes_while_a_login_with_the_old_one_ends_gives_that_browser_no_mark_of_the_new_one(
    make: Make, clock: Clock, accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make()
    of_app, open_session = app.extensions["accounts"], app.extensions["accounts"].open_session_for

    def open_before_a_change(*arguments: Any) -> object:
        opened = open_session(*arguments)
        accounts.set_password(EMAIL, NEW_PASSWORD)
        return opened

    monkeypatch.setattr(of_app, "open_session_for", open_before_a_change)
    thief = Visitor(app, clock, "198.51.100.1")
    assert thief.log_in().status_code == 303
    monkeypatch.undo()
    for number in range(10):
        Visitor(app, clock, f"192.0.2.{10 + number}").log_in(password="a wrong password")

    assert thief.log_in(password=NEW_PASSWORD).status_code == 429, "as any stranger"


def test_a_login_with_a_mark_renews_it(make: Make, clock: Clock) -> None:
    app = make()
    owner = Visitor(app, clock)
    owner.log_in()
    first = owner.client.get_cookie(COOKIE)
    owner.log_in()
    second = owner.client.get_cookie(COOKIE)

    assert first is not None
    assert second is not None
    assert first.value.split(".")[0] == second.value.split(".")[0]


def test_right_logins_with_a_code_use_nothing_up(make: Make, clock: Clock) -> None:
    app = make()
    owner = Visitor(app, clock)
    enrol(owner)

    for _ in range(12):
        new = Visitor(app, clock, "192.0.2.77")
        new.log_in()
        assert new.give_code(owner.code()).status_code == 303
    for _ in range(5):
        stranger = Visitor(app, clock, "192.0.2.77")
        stranger.log_in(password="a wrong password")
    assert Visitor(app, clock, "192.0.2.77").log_in().status_code == 429
