"""Passwords: what is accepted, how they are hashed and checked. Knows no user and no database.

argon2id with the OWASP parameters (2 passes, 19 MiB, 1 lane; ASVS 5.0 appendix C).
"""

import secrets
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from gevent import get_hub, monkey

from store.errors import MonitorError

MIN_LENGTH = 12
"""Characters (ASVS 5.0, 6.2.1)."""

MAX_BYTES = 1024
"""Bytes in UTF-8: far above any pass phrase, far below what would be work."""

MAX_WAITING = 32
"""Logins of strangers that may wait for their turn. More are turned away: a queue that only grows serves nobody."""

MAX_WAITING_KNOWN = 16
"""Those besides of whom the account knows already. They are turned away by each other alone."""

TURN_S = 5.0
"""Longest wait for a turn: thirty hashes take about a second."""

MIN_GUESSES = 1e8
"""What a guessable password takes fewer of, by zxcvbn's count: 30,000 common ones and what people make of them."""

NO_PASSWORD = "!"  # noqa: S105  In place of the hash, of users whom another system vouches for: nothing matches it.


class UnacceptablePassword(MonitorError):
    """The new password is not taken; the message says why, and `code` in a word: short, long, common or same."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Busy(MonitorError):
    """Too many passwords are being checked at this moment."""


def make_password() -> str:
    """A random password of 96 bits, easily selected and typed."""
    return secrets.token_hex(12)


class _Turns:
    """One hash at a time: each takes 19 MiB and a core, so a flood of logins must queue.

    Whom the account knows, a browser with its mark or somebody who is in, goes first and has places of their own: else
    whoever keeps the others taken, with names of nobody, would shut out everybody.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._is_taken = False
        self._waiting = {True: 0, False: 0}
        """How many, by whether they are known."""

    @contextmanager
    def take(self, *, is_known: bool) -> Iterator[None]:
        """Wait for a turn and have it. Raises: Busy, on entry."""
        self._wait(is_known)
        try:
            yield
        finally:
            with self._changed:
                self._is_taken = False
                self._changed.notify_all()

    def waiting(self) -> int:
        return sum(self._waiting.values())

    def _wait(self, is_known: bool) -> None:
        with self._changed:
            if self._waiting[is_known] >= (MAX_WAITING_KNOWN if is_known else MAX_WAITING):
                raise Busy("Too many passwords are being checked.")
            self._waiting[is_known] += 1
            try:
                if not self._changed.wait_for(lambda: self._is_next(is_known), TURN_S):
                    raise Busy("Too many passwords are being checked.")
                self._is_taken = True
            finally:
                self._waiting[is_known] -= 1

    def _is_next(self, is_known: bool) -> bool:
        return not self._is_taken and (is_known or not self._waiting[True])


class _InThreads:
    """Does what `hasher` would in gevent's threads: argon2 lets go of the interpreter while it computes."""

    def __init__(self, hasher: PasswordHasher) -> None:
        self._hasher = hasher

    def hash(self, password: bytes) -> str:
        return str(get_hub().threadpool.apply(self._hasher.hash, (password,)))

    def verify(self, password_hash: str, password: bytes) -> bool:
        return bool(get_hub().threadpool.apply(self._hasher.verify, (password_hash, password)))


class Passwords:
    """Hashes and checks passwords without stopping gevent's event loop. One of it bounds the work.

    `is_known`, below: whoever tries it need not wait for strangers.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        # Under gevent its event loop runs on meanwhile; a command has none.
        self._worker = _InThreads(self._hasher) if monkey.is_module_patched("threading") else self._hasher
        self._turns = _Turns()
        # What an unknown user's password is checked against, so that the answer takes as long as a known one's.
        self._nobody = self._hasher.hash(secrets.token_bytes(32))

    def hash(self, password: str, *, words: Collection[str] = ()) -> str:
        """The hash to store for a new password, which must not be made of `words`.

        Raises: UnacceptablePassword, Busy.
        """
        if len(password) < MIN_LENGTH:
            raise UnacceptablePassword("short", f"The password must have at least {MIN_LENGTH} characters.")
        if len(_encode(password)) > MAX_BYTES:
            raise UnacceptablePassword("long", f"The password must have at most {MAX_BYTES} bytes.")
        if _is_guessable(password, words):
            message = "The password is too common, or too easily guessed: take one with less pattern."
            raise UnacceptablePassword("common", message)
        with self._turns.take(is_known=True):  # Nobody sets a password who has not shown who they are.
            return self._worker.hash(_encode(password))

    def verify(self, password_hash: str | None, password: str, *, is_known: bool = False) -> bool:
        """Whether `password` is the one that was hashed. None stands for an unknown user: as much work, then False.

        Raises: Busy.
        """
        if password_hash == NO_PASSWORD:
            password_hash = None
        try:
            with self._turns.take(is_known=is_known):
                matches = self._worker.verify(password_hash or self._nobody, _encode(password))
        except (VerificationError, InvalidHashError):
            return False
        return matches and password_hash is not None

    def renew(self, password_hash: str, password: str, *, is_known: bool = False) -> str:
        """The hash to store from now on: another one when this one was made with other parameters than today's.

        Asks nothing of the password, which was good enough when it was set.
        """
        if password_hash == NO_PASSWORD or not self._hasher.check_needs_rehash(password_hash):
            return password_hash
        with self._turns.take(is_known=is_known):
            return self._worker.hash(_encode(password))

    def waiting(self) -> int:
        """How many wait for their turn."""
        return self._turns.waiting()


def _is_guessable(password: str, words: Collection[str]) -> bool:
    from zxcvbn import zxcvbn  # noqa: PLC0415  Its lists take 8 MB: loaded only where a password is set.

    # The start of a long one: zxcvbn refuses to look at more, and more would not make it easier to guess.
    return bool(zxcvbn(password[:72], user_inputs=["zapvoice", "monitor", *words])["guesses"] < MIN_GUESSES)


def _encode(password: str) -> bytes:
    # As it was typed, nothing taken away or made alike (ASVS 5.0, 6.2.8).
    return password.encode()
