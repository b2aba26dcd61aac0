"""Second factors: codes of an authenticator app (TOTP, RFC 6238) and recovery codes. No table's row leaves this file.

A code counts once: the newest time step that was used is kept, and nothing at or before it is taken. The app's secret
lies in the database encrypted, of a recovery code the hash alone: 120 random bits need no salt (ASVS 6.5.2).
"""

import hashlib
import logging
import secrets
import time
from base64 import b32encode
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, delete, exists, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from app.accounts.email import canonical
from app.accounts.encryption import Cipher, Undecryptable
from app.accounts.tables import recovery_codes, second_factors, users
from store.database import reading, writing

STEP_S = 30
WINDOW = (0, -1, 1)
"""The steps around now whose codes are taken: phones' clocks are a little off, and people type slowly."""

RECOVERY_CODES = 10
RECOVERY_BYTES = 15
"""Of randomness in each: 24 letters."""

SECRET_CHARS = 32
"""Of base32: 160 bits, as RFC 4226 recommends."""

ISSUER = "ZapVoice Monitor"
"""What the authenticator app shows beside the account."""

logger = logging.getLogger(__name__)


_IS_ENROLLED = select(exists().where(second_factors.c.user_id == bindparam("user")))


@dataclass(frozen=True)
class Enrolled:
    """A user who has a second factor, as the operator sees one."""

    email: str
    created_at: float
    recovery_codes_left: int


@dataclass(frozen=True)
class Enrolment:
    """What somebody's app has to learn."""

    secret: str
    uri: str
    """otpauth://…, for a QR code."""


class SecondFactors:
    """Every question about second factors. Each method raises StoreUnavailable."""

    def __init__(self, engine: Engine, cipher: Cipher, clock: Callable[[], float] = time.time) -> None:
        """`clock` tells epoch seconds."""
        self._engine = engine
        self._cipher = cipher
        self._clock = clock

    def is_enrolled(self, user_id: int) -> bool:
        """Whether this user has one."""
        with reading(self._engine) as connection:
            return bool(connection.execute(_IS_ENROLLED, {"user": user_id}).scalar())

    def offer(self, email: str, secret: str | None = None) -> Enrolment:
        """A new secret for this account, or the one that was offered before. Nothing is stored yet."""
        import pyotp  # noqa: PLC0415  Only where there are second factors.

        secret = secret or pyotp.random_base32(SECRET_CHARS)
        return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER))

    def enrol(self, user_id: int, secret: str, code: str) -> "list[str] | None":
        """Take the secret when `code` is one of its codes. The recovery codes; None when it is not, or there is one."""
        step = self._step_of(secret, code)
        if step is None:
            return None
        row = {
            "user_id": user_id,
            "sealed_secret": self._cipher.encrypt(secret),
            "last_step": step,
            "created_at": self._clock(),
        }
        try:
            with writing(self._engine) as connection:
                connection.execute(insert(second_factors).values(row))
                return _replace_recovery_codes(connection, user_id)
        except IntegrityError:
            return None

    def check(self, user_id: int, code: str) -> str | None:
        """How `code` shows that it is the user, `totp` or `recovery`; None when it does not. It is used up then.

        Asks as much of the database for a user who does not exist.
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
        """New ones; the old ones end."""
        with writing(self._engine) as connection:
            return _replace_recovery_codes(connection, user_id)

    def list(self) -> list[Enrolled]:
        """Those who have one, by e-mail address."""
        unused = (recovery_codes.c.user_id == users.c.id, recovery_codes.c.used_at.is_(None))
        left = select(func.count()).select_from(recovery_codes).where(*unused).scalar_subquery()
        query = select(users.c.email, second_factors.c.created_at, left).join(second_factors).order_by(users.c.email)
        with reading(self._engine) as connection:
            return [Enrolled(*row) for row in connection.execute(query)]

    def remove_of(self, email: str) -> bool:
        """`remove`, of the user of that address."""
        with reading(self._engine) as connection:
            known = select(users.c.id).where(users.c.email == canonical(email))
            user_id = connection.execute(known).scalar_one_or_none()
        return user_id is not None and self.remove(user_id)

    def remove(self, user_id: int) -> bool:
        """Forget the user's second factor and recovery codes; whether there was one."""
        with writing(self._engine) as connection:
            connection.execute(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))
            return connection.execute(delete(second_factors).where(second_factors.c.user_id == user_id)).rowcount > 0

    def _use_code(self, user_id: int, code: str) -> bool:
        with reading(self._engine) as connection:
            sealed = connection.execute(
                select(second_factors.c.sealed_secret).where(second_factors.c.user_id == user_id)
            ).scalar_one_or_none()
        # Whoever has none is as much work: how long it takes must not tell whether the password before it was right.
        nobodys = self._nobodys
        step = self._step_of(self._unseal(sealed or nobodys), code)
        if step is None or sealed is None:
            return False
        # One statement: of two who send the same code at once, one gets in.
        newer = (second_factors.c.user_id == user_id, second_factors.c.last_step < step)
        with writing(self._engine) as connection:
            return connection.execute(update(second_factors).where(*newer).values(last_step=step)).rowcount > 0

    def _use_recovery_code(self, user_id: int, code: str) -> bool:
        row = (
            recovery_codes.c.code_hash == _hash(code),
            recovery_codes.c.user_id == user_id,
            recovery_codes.c.used_at.is_(None),
        )
        with reading(self._engine) as connection:  # Looked for first: a write locks.
            if connection.execute(select(recovery_codes.c.user_id).where(*row)).first() is None:
                return False
        with writing(self._engine) as connection:
            return connection.execute(update(recovery_codes).where(*row).values(used_at=self._clock())).rowcount > 0

    def _step_of(self, secret: str | None, code: str) -> int | None:
        """The time step whose code this is, of those that are taken now."""
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
    def _nobodys(self) -> str:
        return self._cipher.encrypt(b32encode(secrets.token_bytes(SECRET_CHARS * 5 // 8)).decode())

    def _unseal(self, sealed: str) -> str | None:
        try:
            return str(self._cipher.decrypt(sealed))
        except Undecryptable:
            logger.error("a second factor cannot be read: SECRET_KEY is not the one it was sealed with")
            return None


def _replace_recovery_codes(connection: Connection, user_id: int) -> list[str]:
    codes = [b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode() for _ in range(RECOVERY_CODES)]
    connection.execute(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))
    connection.execute(insert(recovery_codes), [{"code_hash": _hash(code), "user_id": user_id} for code in codes])
    return ["-".join(code[start : start + 6] for start in range(0, len(code), 6)) for code in codes]


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
