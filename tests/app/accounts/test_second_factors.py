"""Codes and recovery codes on both databases: each is accepted once, even when two requests send it together."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pyotp
import pytest
from sqlalchemy import Engine, text

from app.accounts.accounts import Accounts, NewSession
from app.accounts.encryption import Cipher
from app.accounts.migrations import migrate
from app.accounts.principals import Role
from app.accounts.second_factors import SecondFactors
from app.accounts.sessions import Origin, Person
from store.database import make_engine, reading
from tests.logins import ADMIN
from tests.process import PATIENCE_S, wait_until

NOW = 1_800_000_000


class Owner:
    """The super_admin ADMIN with an authenticator app."""

    def __init__(self, accounts: Accounts, engine: Engine) -> None:
        self.now = NOW
        self.accounts = accounts
        self.factors = SecondFactors(engine, Cipher("k" * 32, "second factor"), accounts.sessions, lambda: self.now)
        self.secret = self.factors.offer(ADMIN[0]).secret
        enrolled = self.factors.enrol(self.read(), self.secret, self.code())
        assert enrolled is not None
        self.person, self.recovery_codes = enrolled
        self.now += 30

    def read(self) -> Person:
        """The user, as a login reads one."""
        person = self.accounts.check_password(*ADMIN)
        assert person is not None
        return person

    def code(self, offset: int = 0) -> str:
        return pyotp.TOTP(self.secret).at(self.now + 30 * offset)

    def open_session(self) -> NewSession | None:
        """The end of a login whose code was right."""
        return self.accounts.open_session_for(self.person, Origin("totp"))

    def reset(self) -> None:
        """What the operator's command does."""
        assert self.factors.remove_of(ADMIN[0])


@pytest.fixture
def owner(accounts: Accounts, engine: Engine) -> Owner:
    return Owner(accounts, engine)


def test_of_many_who_send_one_code_at_once_one_gets_in(owner: Owner) -> None:
    found: list[str] = []

    def send(code: str) -> None:
        if how := owner.factors.check(1, code):
            found.append(how)

    for code in (owner.code(), owner.recovery_codes[0]):
        senders = [threading.Thread(target=send, args=(code,)) for _ in range(8)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
    assert found == ["totp", "recovery"]
    steps = [owner.code(offset) for offset in (-2, -1, 0, 2, 1)]
    assert [owner.factors.check(1, code) for code in steps] == [None, None, None, None, "totp"]
    odd = ["", "٠٠٠٠٠٠", "0" * 500, "\x00", "é" * 6, "１２３４５６", owner.recovery_codes[0], "A" * 24]
    assert {owner.factors.check(1, code) for code in odd} == {None}


def test_a_login_by_the_old_code_opens_no_session_once_the_second_factor_has_changed(owner: Owner) -> None:
    assert owner.factors.check(1, owner.code()) == "totp"
    assert owner.open_session() is not None

    owner.reset()

    assert owner.accounts.sessions.list() == []
    assert owner.open_session() is None
    without = owner.read()
    again = owner.factors.enrol(without, owner.secret, owner.code(1))
    assert again is not None
    assert owner.open_session() is None, "the same secret, enrolled anew"
    assert owner.accounts.open_session_for(without, Origin("password")) is None, "a password alone, from before"
    assert owner.accounts.open_session_for(again[0], Origin("totp")) is not None


@pytest.fixture
def on_postgresql(postgres_url: str) -> Iterator[Owner]:
    engine = make_engine(postgres_url, timeout_s=PATIENCE_S)
    migrate(engine)
    accounts = Accounts(engine)
    accounts.create_user(*ADMIN, Role.SUPER_ADMIN)
    yield Owner(accounts, engine)
    engine.dispose()


@pytest.mark.live
@pytest.mark.parametrize("login_is_first", [True, False])
def test_of_a_login_and_a_reset_at_once_no_session_is_left(
    on_postgresql: Owner, monkeypatch: pytest.MonkeyPatch, login_is_first: bool
) -> None:
    """The first transaction stays open until the second one waits for it."""
    owner, sessions, engine = on_postgresql, on_postgresql.accounts.sessions, on_postgresql.accounts._engine
    held, opened = threading.Event(), []

    def is_waited_for() -> bool:
        with reading(engine) as connection:
            return bool(connection.execute(text("SELECT 1 FROM pg_locks WHERE NOT granted")).first())

    def then_wait(step: Callable[..., Any]) -> Callable[..., Any]:
        def hold(*arguments: Any) -> Any:
            result = step(*arguments)
            if not held.is_set():
                held.set()
                wait_until(is_waited_for)
            return result

        return hold

    last_step = "add" if login_is_first else "end"
    monkeypatch.setattr(sessions, last_step, then_wait(getattr(sessions, last_step)))
    both = [lambda: opened.append(owner.open_session()), owner.reset]
    first, second = (threading.Thread(target=each) for each in (both if login_is_first else reversed(both)))
    first.start()
    assert held.wait(PATIENCE_S)
    second.start()
    first.join()
    second.join()

    assert [bool(session) for session in opened] == [login_is_first]
    assert sessions.list() == []
