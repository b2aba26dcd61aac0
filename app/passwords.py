"""Passwords: what is accepted, how they are hashed and checked. Knows no user and no database.

argon2id with the OWASP parameters (2 passes, 19 MiB, 1 lane; ASVS 5.0 appendix C).
"""

import logging
import secrets
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from gevent import monkey

from app.hash_process import HashingFailed, HashProcess
from collector.store.errors import MonitorError

logger = logging.getLogger(__name__)

MIN_LENGTH = 12
"""Characters (ASVS 5.0, 6.2.1)."""

MAX_BYTES = 1024
"""Bytes in UTF-8: far above any pass phrase, far below what would be work."""

MAX_HASHES = 1
"""Hashes computed at once: each takes 19 MiB and a core, so a flood of logins must queue."""

MAX_WAITING = 32
"""Logins that may wait for their turn. More are turned away: a queue that only grows serves nobody."""

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


class Passwords:
    """Hashes and checks passwords without stopping gevent's event loop. One of it bounds the work."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        # Under gevent its event loop runs on meanwhile; a command has none.
        self._worker = HashProcess(self._hasher) if monkey.is_module_patched("threading") else self._hasher
        self._turn = threading.BoundedSemaphore(MAX_HASHES)
        self._place = threading.BoundedSemaphore(MAX_HASHES + MAX_WAITING)
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
        with self._wait_for_turn():
            return self._worker.hash(_encode(password))

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether `password` is the one that was hashed. None stands for an unknown user: as much work, then False.

        Raises: Busy.
        """
        if password_hash == NO_PASSWORD:
            password_hash = None
        try:
            with self._wait_for_turn():
                matches = self._worker.verify(password_hash or self._nobody, _encode(password))
        except (VerificationError, InvalidHashError):
            return False
        return matches and password_hash is not None

    def renew(self, password_hash: str, password: str) -> str:
        """The hash to store from now on: another one when this one was made with other parameters than today's.

        Asks nothing of the password, which was good enough when it was set.
        """
        if password_hash == NO_PASSWORD or not self._hasher.check_needs_rehash(password_hash):
            return password_hash
        with self._wait_for_turn():
            return self._worker.hash(_encode(password))

    @contextmanager
    def _wait_for_turn(self) -> Iterator[None]:
        if not self._place.acquire(blocking=False):
            raise Busy("Too many passwords are being checked.")
        try:
            if not self._turn.acquire(timeout=TURN_S):
                raise Busy("Too many passwords are being checked.")
            try:
                yield
            except HashingFailed as exc:
                logger.error("passwords cannot be checked: %s", exc)
                raise Busy("Passwords cannot be checked.") from exc
            finally:
                self._turn.release()
        finally:
            self._place.release()


def _is_guessable(password: str, words: Collection[str]) -> bool:
    from zxcvbn import zxcvbn  # noqa: PLC0415  Its lists take 8 MB: loaded only where a password is set.

    # The start of a long one: zxcvbn refuses to look at more, and more would not make it easier to guess.
    return bool(zxcvbn(password[:72], user_inputs=["zapvoice", "monitor", *words])["guesses"] < MIN_GUESSES)


def _encode(password: str) -> bytes:
    # As it was typed, nothing taken away or made alike (ASVS 5.0, 6.2.8).
    return password.encode()
