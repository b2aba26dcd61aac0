"""Passwords: what is accepted, how they are hashed and checked. Knows no user and no database.

argon2id with the OWASP parameters (2 passes, 19 MiB, 1 lane; ASVS 5.0 appendix C).
"""

import secrets
import threading
import unicodedata
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import gevent
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from gevent import monkey

from collector.store.errors import MonitorError

MIN_LENGTH = 12
"""Characters (ASVS 5.0, 6.2.1)."""

MAX_BYTES = 1024
"""Bytes in UTF-8: far above any pass phrase, far below what would be work."""

MAX_HASHES = 2
"""Hashes computed at once in a process: each takes 19 MiB and a core, so a flood of logins must queue."""

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class UnacceptablePassword(MonitorError):
    """The new password is too short or too long; the message says which."""


def make_password() -> str:
    """A random password of 96 bits, easily selected and typed."""
    return secrets.token_hex(12)


class Passwords:
    """Hashes and checks passwords without stopping gevent's event loop. One per process bounds the work."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        self._turn = threading.BoundedSemaphore(MAX_HASHES)
        # What an unknown user's password is checked against, so that the answer takes as long as a known one's.
        self._nobody = self._hasher.hash(secrets.token_bytes(32))

    def hash(self, password: str) -> str:
        """The hash to store for a new password. Raises: UnacceptablePassword."""
        if len(password) < MIN_LENGTH:
            raise UnacceptablePassword(f"The password must have at least {MIN_LENGTH} characters.")
        if len(_encode(password)) > MAX_BYTES:
            raise UnacceptablePassword(f"The password must have at most {MAX_BYTES} bytes.")
        return self._in_turn(self._hasher.hash, _encode(password))

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether `password` is the one that was hashed. None stands for an unknown user: as much work, then False."""
        try:
            matches = self._in_turn(self._hasher.verify, password_hash or self._nobody, _encode(password))
        except (VerificationError, InvalidHashError):
            return False
        return matches and password_hash is not None

    def renew(self, password_hash: str, password: str) -> str:
        """The hash to store from now on: another one when this one was made with other parameters than today's.

        Asks nothing of the password, which was good enough when it was set.
        """
        if not self._hasher.check_needs_rehash(password_hash):
            return password_hash
        return self._in_turn(self._hasher.hash, _encode(password))

    def _in_turn(
        self, work: Callable[Arguments, Result], *arguments: Arguments.args, **options: Arguments.kwargs
    ) -> Result:
        with self._turn:
            if not monkey.is_module_patched("threading"):
                return work(*arguments, **options)
            # Under gevent the work goes to a native thread (argon2 releases the GIL) and the event loop runs on.
            result: Result = gevent.get_hub().threadpool.apply(work, arguments, options)
            return result


def _encode(password: str) -> bytes:
    # One form for "é", which some keyboards send as one character and others as two (RFC 8265, OpaqueString).
    return unicodedata.normalize("NFC", password).encode()
