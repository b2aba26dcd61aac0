"""Which credentials are in force. The access watch asks every few seconds while streams are open.

It reads all credentials of one role, which are few: one statement serves any number of viewers.
"""

import time
from collections.abc import Callable, Collection

from sqlalchemy import Engine, Float, bindparam, select

from app.accounts.principals import Role
from app.accounts.sessions import Sessions
from app.accounts.tables import login_sessions, tokens, users
from app.accounts.tokens import TokenScope
from store.database import StandingConnection


class Credentials:
    """Finds the credentials in force of the users with one role."""

    def __init__(
        self, engine: Engine, sessions: Sessions, role: Role, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._connection = StandingConnection(engine)
        self._clock = clock
        allowed = (users.c.disabled_at.is_(None), users.c.role == role.value)
        valid = {
            "session": (login_sessions.c.token_hash, sessions.in_force(bindparam("now", type_=Float))),
            "token": (tokens.c.token_hash, (tokens.c.scope == TokenScope.READ.value, tokens.c.revoked_at.is_(None))),
        }
        self._queries = {
            kind: self._connection.compiled(select(token_hash).join(users).where(*is_valid, *allowed))
            for kind, (token_hash, is_valid) in valid.items()
        }

    def in_force(self, credentials: Collection[str]) -> set[str]:
        """Which of these credentials (`Principal.credential`) are still in force. Raises: StoreUnavailable."""
        kinds = {credential.partition(":")[0] for credential in credentials}
        now_s = self._clock()
        all_in_force = {
            f"{kind}:{token_hash}"
            for kind, query in self._queries.items()
            if kind in kinds
            for (token_hash,) in self._connection.rows(query, now=now_s)
        }
        return all_in_force.intersection(credentials)
