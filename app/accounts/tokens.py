"""API tokens, which scripts use. The database holds only their hashes. No table's row leaves this file."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, Engine, insert, select, update

from app.accounts.email import canonical
from app.accounts.sessions import hash_of
from app.accounts.tables import tokens, users
from store.database import reading, writing
from store.errors import MonitorError

TOKEN_PREFIX = "zvm_"  # noqa: S105  Every API token starts with this, so that secret scanners find it.


class TokenScope(StrEnum):
    """What an API token is for."""

    READ = "read"
    """Reading whatever its user may see."""
    LOGS = "logs"
    """Sending log lines, and nothing else."""


class TokenError(MonitorError):
    """The token does not allow what was asked; the message is for the operator."""


@dataclass(frozen=True)
class IssuedToken:
    """An API token as its user and the operator see one. Times are epoch seconds."""

    id: int
    email: str
    scope: TokenScope
    created_at: float
    revoked_at: float | None


class Tokens:
    """Creates, lists and revokes API tokens. Each method raises StoreUnavailable."""

    def __init__(self, engine: Engine, clock: Callable[[], float], announce: Callable[[], None]) -> None:
        """`clock` tells epoch seconds; `announce` is called after a token was revoked."""
        self._engine = engine
        self._clock = clock
        self._announce = announce

    def create(self, email: str, scope: TokenScope = TokenScope.READ) -> tuple[int, str]:
        """Create a token. Returns: its id and the token, which cannot be read again. Raises: TokenError."""
        token = TOKEN_PREFIX + secrets.token_urlsafe(32)
        with writing(self._engine) as connection:
            known = select(users.c.id).where(users.c.email == canonical(email), users.c.disabled_at.is_(None))
            user_id = connection.execute(known).scalar_one_or_none()
            if user_id is None:
                raise TokenError(f"There is no user {email}, or it is disabled.")
            row = {"user_id": user_id, "token_hash": hash_of(token), "scope": scope, "created_at": self._clock()}
            token_id = connection.execute(insert(tokens).values(row).returning(tokens.c.id)).scalar_one()
        return token_id, token

    def revoke(self, token_id: int, *, of_user: int | None = None) -> None:
        """Revoke a token. Raises: TokenError when no token in force has this id, or it is not this user's."""
        which = tokens.c.id == token_id
        if of_user is not None:
            which &= tokens.c.user_id == of_user
        with writing(self._engine) as connection:
            if not self.end(connection, which):
                raise TokenError(f"There is no token {token_id}, or it is revoked.")
        self._announce()

    def list(self, email: str | None = None) -> list[IssuedToken]:
        """Every token ever made, or those of one user, oldest first."""
        columns = (tokens.c.id, users.c.email, tokens.c.scope, tokens.c.created_at, tokens.c.revoked_at)
        query = select(*columns).join(users).order_by(tokens.c.id)
        if email is not None:
            query = query.where(users.c.email == canonical(email))
        with reading(self._engine) as connection:
            rows = connection.execute(query)
            return [IssuedToken(row[0], row[1], TokenScope(row[2]), *row[3:]) for row in rows]

    def end(self, connection: Connection, which: ColumnElement[bool]) -> int:
        """Revoke the tokens that `which` selects, within the transaction of `connection`.

        Returns: how many were in force.
        """
        ended = update(tokens).where(which, tokens.c.revoked_at.is_(None))
        return connection.execute(ended.values(revoked_at=self._clock())).rowcount
