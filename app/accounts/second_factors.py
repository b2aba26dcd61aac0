"""Second factors: codes of an authenticator app (TOTP, RFC 6238) and recovery codes. No table's row leaves this file.

Whatever changes a user's second factor ends the user's sessions, in the same transaction.

A code is accepted once: the table keeps the newest time step used, and no code of it or of an older one is accepted.
The database holds the app's secret encrypted, and of a recovery code only the hash: 120 random bits need no salt
(ASVS 6.5.2).
"""

import hashlib
import logging
import secrets
import time
from base64 import b32encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, delete, exists, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from app.accounts.email import canonical
from app.accounts.encryption import Cipher, Undecryptable
from app.accounts.sessions import Person, Sessions
from app.accounts.tables import recovery_codes, second_factors, users
from store.database import reading, writing

STEP_S = 30
WINDOW = (0, -1, 1)
"""The time steps around now whose codes are accepted: phones' clocks are a little off, and people type slowly."""

RECOVERY_CODES = 10
RECOVERY_BYTES = 15
"""Random bytes of each: 24 letters."""

SECRET_CHARS = 32
"""Letters of Base32: 160 bits, as RFC 4226 recommends."""

ISSUER = "ZapVoice Monitor"
"""The authenticator app shows this beside the account."""

logger = logging.getLogger(__name__)


_IS_ENROLLED = select(exists().where(second_factors.c.user_id == bindparam("user")))


@dataclass(frozen=True)
class Enrolled:
    """A user with a second factor, as the operator sees one."""

    email: str
    created_at: float
    recovery_codes_left: int


@dataclass(frozen=True)
class Enrolment:
    """What a user's authenticator app must store."""

    secret: str
    uri: str
    """`otpauth://…`, for a QR code."""


class SecondFactors:
    """Enrols, checks and removes second factors. Each method raises StoreUnavailable."""

    def __init__(
        self, engine: Engine, cipher: Cipher, sessions: Sessions, clock: Callable[[], float] = time.time
    ) -> None:
        """`clock` tells epoch seconds."""
        self._engine = engine
        self._cipher = cipher
        self._sessions = sessions
        self._clock = clock

    def is_enrolled(self, user_id: int) -> bool:
        """Whether this user has a second factor."""
        with reading(self._engine) as connection:
            return bool(connection.execute(_IS_ENROLLED, {"user": user_id}).scalar())

    def offer(self, email: str, secret: str | None = None) -> Enrolment:
        """An enrolment with a new secret, or with the one offered before. Stores nothing."""
        import pyotp  # noqa: PLC0415  Loaded only for second factors.

        secret = secret or pyotp.random_base32(SECRET_CHARS)
        return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER))

    def enrol(self, person: Person, secret: str, code: str) -> "tuple[Person, list[str]] | None":
        """Store the secret if `code` fits it.

        Returns: the user with the second factor, and the recovery codes; None for a wrong code or a second secret.
        """
        step = self._step_of(secret, code)
        if step is None:
            return None
        row = {
            "user_id": person.user_id,
            "sealed_secret": self._cipher.encrypt(secret),
            "last_step": step,
            "created_at": self._clock(),
        }
        try:
            with self._sessions.ending(person.user_id) as connection:
                connection.execute(insert(second_factors).values(row))
                codes = _replace_recovery_codes(connection, person.user_id)
        except IntegrityError:
            return None
        return replace(person, sealed_secret=str(row["sealed_secret"])), codes

    def check(self, user_id: int, code: str) -> str | None:
        """Accept a code, once. Returns: its kind, `totp` or `recovery`; None for a wrong one.

        A user who does not exist costs the database as much.
        """
        code = "".join(code.split()).replace("-", "").upper()
        if len(code) > SECRET_CHARS or not code.isascii():
            return None
        is_recovery = len(code) > 6
        used = self._use_recovery_code(user_id, code) if is_recovery else self._use_code(user_id, code)
        return ("recovery" if is_recovery else "totp") if used else None

    def recovery_codes_left(self, user_id: int) -> int:
        """How many of the user's recovery codes are unused."""
        unused = (recovery_codes.c.user_id == user_id, recovery_codes.c.used_at.is_(None))
        with reading(self._engine) as connection:
            return len(connection.execute(select(recovery_codes.c.code_hash).where(*unused)).all())

    def renew_recovery_codes(self, user_id: int) -> "list[str]":
        """Replace the recovery codes. Returns: the new ones."""
        with self._sessions.ending(user_id) as connection:
            return _replace_recovery_codes(connection, user_id)

    def list(self) -> list[Enrolled]:
        """The users with a second factor, by e-mail address."""
        unused = (recovery_codes.c.user_id == users.c.id, recovery_codes.c.used_at.is_(None))
        left = select(func.count()).select_from(recovery_codes).where(*unused).scalar_subquery()
        query = select(users.c.email, second_factors.c.created_at, left).join(second_factors).order_by(users.c.email)
        with reading(self._engine) as connection:
            return [Enrolled(*row) for row in connection.execute(query)]

    def remove_of(self, email: str) -> bool:
        """Delete the second factor and the recovery codes of the user of that address. Whether there was one."""
        with reading(self._engine) as connection:
            known = select(users.c.id).join(second_factors).where(users.c.email == canonical(email))
            user_id = connection.execute(known).scalar_one_or_none()
        if user_id is not None:
            self._remove(user_id)
        return user_id is not None

    def remove(self, person: Person) -> Person:
        """Delete the user's second factor and recovery codes. Returns: the user without them."""
        self._remove(person.user_id)
        return replace(person, sealed_secret=None)

    def _remove(self, user_id: int) -> None:
        with self._sessions.ending(user_id) as connection:
            connection.execute(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))
            connection.execute(delete(second_factors).where(second_factors.c.user_id == user_id))

    def _use_code(self, user_id: int, code: str) -> bool:
        with reading(self._engine) as connection:
            sealed = connection.execute(
                select(second_factors.c.sealed_secret).where(second_factors.c.user_id == user_id)
            ).scalar_one_or_none()
        # A user without one costs as much work: the time taken must not tell whether the password before was right.
        secret_of_nobody = self._secret_of_nobody
        step = self._step_of(self._decrypt(sealed or secret_of_nobody), code)
        if step is None or sealed is None:
            return False
        # One statement: of two requests with the same code, one succeeds.
        newer = (second_factors.c.user_id == user_id, second_factors.c.last_step < step)
        with writing(self._engine) as connection:
            return connection.execute(update(second_factors).where(*newer).values(last_step=step)).rowcount > 0

    def _use_recovery_code(self, user_id: int, code: str) -> bool:
        row = (
            recovery_codes.c.code_hash == _hash(code),
            recovery_codes.c.user_id == user_id,
            recovery_codes.c.used_at.is_(None),
        )
        with reading(self._engine) as connection:  # Read first: a write takes a lock.
            if connection.execute(select(recovery_codes.c.user_id).where(*row)).first() is None:
                return False
        with writing(self._engine) as connection:
            return connection.execute(update(recovery_codes).where(*row).values(used_at=self._clock())).rowcount > 0

    def _step_of(self, secret: str | None, code: str) -> int | None:
        """The time step, among those accepted now, that has this code."""
        if secret is None:
            return None
        import pyotp  # noqa: PLC0415
        from pyotp.utils import strings_equal  # noqa: PLC0415

        codes: Any = pyotp.TOTP(secret, interval=STEP_S)
        now_step = int(self._clock()) // STEP_S
        code = "".join(code.split())
        steps = [now_step + offset for offset in WINDOW if strings_equal(codes.generate_otp(now_step + offset), code)]
        return steps[0] if steps else None

    @cached_property
    def _secret_of_nobody(self) -> str:
        return self._cipher.encrypt(b32encode(secrets.token_bytes(SECRET_CHARS * 5 // 8)).decode())

    def _decrypt(self, sealed: str) -> str | None:
        try:
            return str(self._cipher.decrypt(sealed))
        except Undecryptable:
            logger.error("a second factor cannot be decrypted: SECRET_KEY has changed since the enrolment")
            return None


def _replace_recovery_codes(connection: Connection, user_id: int) -> list[str]:
    codes = [b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode() for _ in range(RECOVERY_CODES)]
    connection.execute(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))
    connection.execute(insert(recovery_codes), [{"code_hash": _hash(code), "user_id": user_id} for code in codes])
    return ["-".join(code[start : start + 6] for start in range(0, len(code), 6)) for code in codes]


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
