"""Whose account an attempt is aimed at, known before anything is checked: throttle, marks and audit go by it.

No table's row leaves this file.
"""

import hashlib
from dataclasses import dataclass

from sqlalchemy import Engine, bindparam, select

from app.accounts.email import canonical
from app.accounts.tables import second_factors, users
from store.database import reading

NOBODY = 0
"""The id of a user who does not exist."""


@dataclass(frozen=True)
class Target:
    """An account, or what was typed for one. `account` names it and tells nothing of it."""

    account: str
    user_id: int = NOBODY
    email: str = ""
    generation: str = ""
    """Another one after a change of the password or of the second factor."""

    @property
    def is_user(self) -> bool:
        """Whether there is such an account."""
        return self.user_id != NOBODY


_USER = select(users.c.id, users.c.email, users.c.password_hash, second_factors.c.sealed_secret).outerjoin(
    second_factors, second_factors.c.user_id == users.c.id
)
# Made once: SQLAlchemy takes longer to build a statement than the database to answer it, and logins come in floods.
_BY_ADDRESS = _USER.where(users.c.email == bindparam("address"))
_BY_ID = _USER.where(users.c.id == bindparam("id"))


class Targets:
    """Every question about them. Each raises StoreUnavailable and asks as much for whoever does not exist."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, email: str) -> Target:
        """By what was typed as an address. Whatever can be none is one and the same nobody."""
        address = canonical(email)
        with reading(self._engine) as connection:
            row = connection.execute(_BY_ADDRESS, {"address": address}).one_or_none()
        return _target(*row) if row else Target(digest(address))

    def find_user(self, user_id: int, account: str) -> Target:
        """By a user's id; where there is none, the nobody whom `account` names."""
        with reading(self._engine) as connection:
            row = connection.execute(_BY_ID, {"id": user_id}).one_or_none()
        return _target(*row) if row else Target(account)


def digest(text: str) -> str:
    """A name for something that tells nothing of it."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def _target(user_id: int, email: str, password_hash: str, sealed_secret: str | None) -> Target:
    return Target(digest(email), user_id, email, digest(f"{password_hash}\n{sealed_secret or ''}"))
