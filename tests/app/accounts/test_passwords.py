import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from argon2 import PasswordHasher

from app.accounts.passwords import (
    MAX_BYTES,
    MAX_WAITING,
    MAX_WAITING_KNOWN,
    NO_PASSWORD,
    Busy,
    Passwords,
    UnacceptablePassword,
    make_password,
)
from tests.process import PATIENCE_S, wait_until
from tests.programs.service import run

PASSWORD = "correct horse battery"


class WatchedHasher(PasswordHasher):
    """Counts all checks, and the most at once."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=4096, parallelism=1)
        self._lock = threading.Lock()
        self.checks = self.running = self.most = 0

    def verify(self, *arguments: Any) -> Any:
        with self._lock:
            self.checks += 1
            self.running += 1
            self.most = max(self.most, self.running)
        try:
            return super().verify(*arguments)
        finally:
            with self._lock:
                self.running -= 1


def test_a_hash_tells_its_parameters_and_fits_its_password_alone() -> None:
    passwords = Passwords()

    hashed = passwords.hash(PASSWORD)

    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.verify(hashed, PASSWORD)
    assert not passwords.verify(hashed, PASSWORD + "!")


@pytest.mark.parametrize("password", ["", "eleven char", "x" * (MAX_BYTES + 1), "é" * (MAX_BYTES // 2 + 1)])
def test_a_new_password_too_short_or_too_long_is_refused(password: str) -> None:
    with pytest.raises(UnacceptablePassword):
        Passwords().hash(password)


@pytest.mark.parametrize("password", ["twelve chars", "twelve chars".ljust(MAX_BYTES, "x"), "doze letras é"])
def test_a_new_password_within_the_bounds_is_accepted(password: str) -> None:
    passwords = Passwords()

    assert passwords.verify(passwords.hash(password), password)


@pytest.mark.parametrize(
    "password",
    ["password1234", "P@ssw0rd1234", "qwertyuiop12", "123456789012", "x" * 40, "zapvoicemonitor", "admin@example.test"],
)
def test_a_new_password_that_is_common_or_easily_guessed_is_refused(password: str) -> None:
    with pytest.raises(UnacceptablePassword, match="guessed"):
        Passwords().hash(password, words=["admin@example.test"])


def test_a_password_is_taken_as_it_was_typed() -> None:
    passwords = Passwords()

    hashed = passwords.hash(" coração de Leão ")

    assert passwords.verify(hashed, " coração de Leão ")
    for other in ("coração de Leão", " coração de leão ", " corac\u0327a\u0303o de Lea\u0303o "):
        assert not passwords.verify(hashed, other)


def test_an_unknown_user_costs_as_much_work_as_a_wrong_password() -> None:
    hasher = WatchedHasher()
    passwords = Passwords(hasher)

    assert not passwords.verify(None, PASSWORD)
    assert hasher.checks == 1


def test_a_damaged_hash_fits_no_password() -> None:
    assert not Passwords().verify("$argon2id$damaged", PASSWORD)


def test_a_hash_with_other_parameters_is_renewed_even_where_the_password_would_be_too_short_today() -> None:
    passwords = Passwords()
    outdated = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("short")

    renewed = passwords.renew(outdated, "short")

    assert passwords.verify(renewed, "short")
    assert renewed != outdated
    assert passwords.renew(renewed, "short") == renewed


def test_hashes_are_computed_one_after_the_other() -> None:
    hasher = WatchedHasher()
    passwords = Passwords(hasher)
    hashed = passwords.hash(PASSWORD)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: passwords.verify(hashed, PASSWORD), range(16)))

    assert all(answers)
    assert hasher.most == 1


def test_made_passwords_differ_and_are_acceptable() -> None:
    first, second = make_password(), make_password()

    assert first != second
    Passwords().hash(first)


def test_the_event_loop_of_gevent_runs_on_while_passwords_are_checked() -> None:
    ticks, _ = run("password_checks")

    assert int(ticks) > 2, "the loop that waited would have run before and after, and not between"


def test_who_signs_in_by_another_system_has_no_password_and_an_attempt_at_one_costs_as_much_as_any() -> None:
    hashes: list[str] = []

    class Noting(WatchedHasher):
        def verify(self, *arguments: Any) -> Any:
            hashes.append(arguments[0])
            return super().verify(*arguments)

    passwords = Passwords(Noting())

    assert not passwords.verify(NO_PASSWORD, NO_PASSWORD)
    assert not passwords.verify(None, PASSWORD)
    assert len(set(hashes)) == 1, "both are checked against the same made-up hash"


class HeldHasher(WatchedHasher):
    """Each check waits until the test releases it. It lists the passwords in the order of their checks."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()
        self.tried: list[bytes] = []

    def verify(self, password_hash: str | bytes, password: str | bytes) -> Any:
        self.tried.append(bytes(password, "ascii") if isinstance(password, str) else password)
        assert self.go.wait(PATIENCE_S)
        return super().verify(password_hash, password)


def test_a_flood_of_strangers_takes_no_turn_of_a_known_browser_which_is_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.accounts.passwords.MAX_WAIT_S", PATIENCE_S)
    hasher = HeldHasher()
    passwords = Passwords(hasher)
    hashed = passwords.hash(PASSWORD)
    with ThreadPoolExecutor(MAX_WAITING + 2) as pool:
        strangers = [pool.submit(passwords.verify, None, "a wrong password") for _ in range(MAX_WAITING + 1)]
        wait_until(lambda: passwords.waiting() == MAX_WAITING)
        with pytest.raises(Busy):
            passwords.verify(hashed, PASSWORD)

        known = pool.submit(passwords.verify, hashed, PASSWORD, is_known=True)
        wait_until(lambda: passwords.waiting() == MAX_WAITING + 1)
        hasher.go.set()

        assert known.result()
        assert not any(stranger.result() for stranger in strangers)
    assert hasher.tried.index(PASSWORD.encode()) == 1
    assert (hasher.most, passwords.waiting()) == (1, 0)


def test_the_turns_of_known_browsers_are_counted_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.accounts.passwords.MAX_WAIT_S", PATIENCE_S)
    hasher = HeldHasher()
    passwords = Passwords(hasher)
    with ThreadPoolExecutor(MAX_WAITING_KNOWN + 1) as pool:
        known = [pool.submit(passwords.verify, None, PASSWORD, is_known=True) for _ in range(MAX_WAITING_KNOWN + 1)]
        wait_until(lambda: passwords.waiting() == MAX_WAITING_KNOWN)
        with pytest.raises(Busy):
            passwords.verify(None, PASSWORD, is_known=True)
        hasher.go.set()

        assert not any(each.result() for each in known)
