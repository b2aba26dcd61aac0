"""Checks and hashes passwords, and says which new ones are accepted. Knows no user and no database.

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
"""Bytes in UTF-8: far above any pass phrase, and cheap to hash."""

MAX_WAITING = 32
"""Most logins of strangers that wait for a hash. Further ones are refused: a queue that only grows serves nobody."""

MAX_WAITING_KNOWN = 16
"""The same for known browsers and signed-in users. Strangers take none of these places."""

MAX_WAIT_S = 5.0
"""Longest wait for a hash to begin (s): thirty hashes take about a second."""

MIN_GUESSES = 1e8
"""A password is refused if zxcvbn, which knows 30,000 common ones and their variants, would need fewer guesses."""

NO_PASSWORD = "!"  # noqa: S105  Stands for the hash of users whom another system vouches for. Nothing matches it.


class UnacceptablePassword(MonitorError):
    """The new password is refused. The message says why; `code` is short, long, common or same."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Busy(MonitorError):
    """Too many passwords are being checked now."""


def make_password() -> str:
    """A random password of 96 bits, easy to select and to type."""
    return secrets.token_hex(12)


class _HashQueue:
    """Admits one hash at a time: each takes 19 MiB and a core, so a flood of logins must queue.

    Known browsers and signed-in users go first and have places of their own: otherwise an attacker who fills the other
    places with unknown names would lock everybody out.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._is_taken = False
        self._waiting = {True: 0, False: 0}
        """How many wait, by `is_known`."""

    @contextmanager
    def enter(self, *, is_known: bool) -> Iterator[None]:
        """Wait in the queue, then hash within the context. Raises: Busy, on entry."""
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
                if not self._changed.wait_for(lambda: self._is_next(is_known), MAX_WAIT_S):
                    raise Busy("Too many passwords are being checked.")
                self._is_taken = True
            finally:
                self._waiting[is_known] -= 1

    def _is_next(self, is_known: bool) -> bool:
        return not self._is_taken and (is_known or not self._waiting[True])


class _InThreads:
    """Runs `hasher` in gevent's thread pool: argon2 releases the interpreter while it computes."""

    def __init__(self, hasher: PasswordHasher) -> None:
        self._hasher = hasher

    def hash(self, password: bytes) -> str:
        return str(get_hub().threadpool.apply(self._hasher.hash, (password,)))

    def verify(self, password_hash: str, password: bytes) -> bool:
        return bool(get_hub().threadpool.apply(self._hasher.verify, (password_hash, password)))


class Passwords:
    """Hashes and checks passwords without stopping gevent's event loop. One instance bounds the work of a process.

    `is_known`, below: the attempt need not queue behind strangers.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        # A command has no event loop that must go on.
        self._worker = _InThreads(self._hasher) if monkey.is_module_patched("threading") else self._hasher
        self._queue = _HashQueue()
        # An unknown user's password is checked against this hash, so that the answer takes as long as a known user's.
        self._nobody = self._hasher.hash(secrets.token_bytes(32))

    def hash(self, password: str, *, words: Collection[str] = ()) -> str:
        """The hash of a new password, which must not be built from `words`.

        Raises: UnacceptablePassword, Busy.
        """
        if len(password) < MIN_LENGTH:
            raise UnacceptablePassword("short", f"The password must have at least {MIN_LENGTH} characters.")
        if len(_encode(password)) > MAX_BYTES:
            raise UnacceptablePassword("long", f"The password must have at most {MAX_BYTES} bytes.")
        if _is_guessable(password, words):
            message = "The password is too common, or too easily guessed: choose one with less of a pattern."
            raise UnacceptablePassword("common", message)
        with self._queue.enter(is_known=True):  # Only authenticated users set a password.
            return self._worker.hash(_encode(password))

    def verify(self, password_hash: str | None, password: str, *, is_known: bool = False) -> bool:
        """Whether `password` matches the hash. None stands for an unknown user: as much work, then False.

        Raises: Busy.
        """
        if password_hash == NO_PASSWORD:
            password_hash = None
        try:
            with self._queue.enter(is_known=is_known):
                matches = self._worker.verify(password_hash or self._nobody, _encode(password))
        except (VerificationError, InvalidHashError):
            return False
        return matches and password_hash is not None

    def renew(self, password_hash: str, password: str, *, is_known: bool = False) -> str:
        """The hash to store from now on: a new one when the old one was made with other parameters.

        The password may break today's rules: it was accepted when it was set. Raises: Busy.
        """
        if password_hash == NO_PASSWORD or not self._hasher.check_needs_rehash(password_hash):
            return password_hash
        with self._queue.enter(is_known=is_known):
            return self._worker.hash(_encode(password))

    def waiting(self) -> int:
        """How many attempts wait for a hash."""
        return self._queue.waiting()


def _is_guessable(password: str, words: Collection[str]) -> bool:
    from zxcvbn import zxcvbn  # noqa: PLC0415  Its lists take 8 MB: loaded only when a password is set.

    # zxcvbn reads 72 characters at most. More would not make a password easier to guess.
    return bool(zxcvbn(password[:72], user_inputs=["zapvoice", "monitor", *words])["guesses"] < MIN_GUESSES)


def _encode(password: str) -> bytes:
    # Exactly as typed (ASVS 5.0, 6.2.8).
    return password.encode()
