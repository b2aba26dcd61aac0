"""The account that an attempt is aimed at, known before anything is checked. Throttle, device cookie and audit use it.

No table's row leaves this file.
"""

import hashlib
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, bindparam, select

from app.accounts.email import canonical
from app.accounts.sessions import Person
from app.accounts.tables import second_factors, users
from store.database import reading

NOBODY = 0
"""The id of a user who does not exist."""


@dataclass(frozen=True)
class Target:
    """A user's account, or nobody's. `account` is a digest: it names the account and reveals nothing about it."""

    account: str
    user_id: int = NOBODY
    email: str = ""
    generation: str = ""
    """A digest that changes with the password and with the second factor."""

    @property
    def is_user(self) -> bool:
        """Whether there is such an account."""
        return self.user_id != NOBODY


_USER = select(users.c.id, users.c.email, users.c.password_hash, second_factors.c.sealed_secret).outerjoin(
    second_factors, second_factors.c.user_id == users.c.id
)
# Built once: SQLAlchemy takes longer to build a statement than the database to answer it, and logins come in floods.
_BY_ADDRESS = _USER.where(users.c.email == bindparam("address"))
_BY_ID = _USER.where(users.c.id == bindparam("id"))
_FACTOR = select(second_factors.c.sealed_secret).where(second_factors.c.user_id == bindparam("id"))


class Targets:
    """Finds targets. Each method raises StoreUnavailable and does as much work for an account that does not exist."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, email: str) -> Target:
        """By what was typed as an address. Every text that is no address gives the same nobody."""
        address = canonical(email)
        with reading(self._engine) as connection:
            row = connection.execute(_BY_ADDRESS, {"address": address}).one_or_none()
        return _target(*row) if row else Target(digest(address))

    def find_user(self, user_id: int, account: str) -> Target:
        """By a user's id; when no such user exists, the nobody that `account` names."""
        with reading(self._engine) as connection:
            row = connection.execute(_BY_ID, {"id": user_id}).one_or_none()
        return _target(*row) if row else Target(account)

    def has_factor_of(self, connection: Connection, person: Person) -> bool:
        """Whether the user's second factor is still the one of `person`, within the transaction of `connection`."""
        sealed_secret = connection.execute(_FACTOR, {"id": person.user_id}).scalar_one_or_none()
        return bool(sealed_secret == person.sealed_secret)


def target_of(person: Person) -> Target:
    """The account of a user. Its generation is that of the password and the second factor that were checked."""
    return _target(person.user_id, person.email, person.password_hash, person.sealed_secret)


def digest(text: str) -> str:
    """A SHA-256 in hex, which names `text` and reveals nothing about it."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def _target(user_id: int, email: str, password_hash: str, sealed_secret: str | None) -> Target:
    return Target(digest(email), user_id, email, digest(f"{password_hash}\n{sealed_secret or ''}"))
