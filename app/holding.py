"""Which of those who were let in may still be: asked every few seconds for as long as streams are open.

The statements are made once: SQLAlchemy takes longer to build one than the database to answer it.
"""

import time
from collections.abc import Callable, Collection

from sqlalchemy import Engine, Float, bindparam, select

from app.accounts import Role
from app.sessions import Sessions
from app.tables import login_sessions, tokens, users
from app.tokens import Scope
from collector.store.database import reading

CREDENTIALS_A_QUERY = 500
"""Databases limit a statement's parameters; SQLite took 999 for long."""


class Holding:
    """Knows the credentials in force of users who have one role."""

    def __init__(
        self, engine: Engine, sessions: Sessions, role: Role, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._engine = engine
        self._clock = clock
        allowed = (users.c.disabled_at.is_(None), users.c.role == role)
        valid = {
            "session": (login_sessions.c.token_hash, sessions.in_force(bindparam("now", type_=Float))),
            "token": (tokens.c.token_hash, (tokens.c.scope == Scope.READ, tokens.c.revoked_at.is_(None))),
        }
        self._queries = {
            kind: select(token_hash)
            .join(users)
            .where(*is_valid, *allowed, token_hash.in_(bindparam("hashes", expanding=True)))
            for kind, (token_hash, is_valid) in valid.items()
        }

    def still_hold(self, credentials: Collection[str]) -> set[str]:
        """Which of these credentials (`Principal.credential`) are still in force. Raises: StoreUnavailable."""
        holding: set[str] = set()
        with reading(self._engine) as connection:
            for kind, query in self._queries.items():
                hashes = [known.partition(":")[2] for known in credentials if known.startswith(f"{kind}:")]
                for start in range(0, len(hashes), CREDENTIALS_A_QUERY):  # A kind that nobody holds is not asked about.
                    asked = {"now": self._clock(), "hashes": hashes[start : start + CREDENTIALS_A_QUERY]}
                    holding.update(f"{kind}:{found}" for found in connection.execute(query, asked).scalars())
        return holding
