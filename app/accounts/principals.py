"""Who makes a request: the user behind a session cookie or an API token, as of now. No table's row leaves this file.

Every look-up asks again whether the credential is still in force and its user enabled, and reads the role from the
users' table.
"""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Engine, Select, literal, select

from app.accounts.sessions import Sessions, hash_of
from app.accounts.tables import login_sessions, tokens, users
from app.accounts.tokens import TokenScope
from store.database import reading


class Role(StrEnum):
    """What a user may do."""

    SUPER_ADMIN = "super_admin"
    """See the panel."""
    VIEWER = "viewer"
    """Nothing yet."""


@dataclass(frozen=True)
class Principal:
    """The user who makes a request, and the credential: `session:` or `token:` and its hash."""

    user_id: int
    email: str
    role: Role
    credential: str
    scope: TokenScope = TokenScope.READ


_OF_SESSION = select(users.c.id, users.c.email, users.c.role, literal(TokenScope.READ.value).label("scope")).join(
    login_sessions
)
_OF_TOKEN = select(users.c.id, users.c.email, users.c.role, tokens.c.scope).join(tokens)


class Principals:
    """Finds the user of a credential. Each method raises StoreUnavailable."""

    def __init__(self, engine: Engine, sessions: Sessions) -> None:
        self._engine = engine
        self._sessions = sessions

    def of_session(self, token: str) -> Principal | None:
        """The user of a session cookie's value; None when no such session is in force."""
        token_hash = hash_of(token)
        is_valid = (login_sessions.c.token_hash == token_hash, *self._sessions.in_force())
        return self._find(f"session:{token_hash}", _OF_SESSION.where(*is_valid))

    def of_token(self, token: str) -> Principal | None:
        """The user of an API token; None when no such token is in force."""
        token_hash = hash_of(token)
        is_valid = (tokens.c.token_hash == token_hash, tokens.c.revoked_at.is_(None))
        return self._find(f"token:{token_hash}", _OF_TOKEN.where(*is_valid))

    def _find(self, credential: str, query: Select[int, str, str, str]) -> Principal | None:
        with reading(self._engine) as connection:
            row = connection.execute(query.where(users.c.disabled_at.is_(None))).one_or_none()
        return row and Principal(row.id, row.email, Role(row.role), credential, TokenScope(row.scope))
