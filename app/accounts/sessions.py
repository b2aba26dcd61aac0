"""Login sessions: how long they last, and who has which. No table's row leaves this file.

A session ends `longest_s` after its login, and earlier when its user has done nothing for `idle_s`. What the page does
by itself (its stream, its polling) is nothing that its user does: a forgotten screen signs itself out.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Engine, delete, insert, literal, or_, select, update

from app.accounts.tables import MAX_ADDRESS, MAX_BROWSER, login_sessions, users
from store.database import reading, writing

SHOWN_ID = 12
"""Characters of a session's hash that name it to the operator. They open nothing."""

SEEN_SHARE = 1 / 60
"""A session that was seen within this share of its idle time is not noted again: a write for each key is waste."""


@dataclass(frozen=True)
class Person:
    """A user as read at one moment. A session opens for one only while `password_hash` is still the stored hash."""

    user_id: int
    email: str
    password_hash: str
    is_initial: bool = False
    """Whether that password is the operator's, and opens nothing but the way to one of the user's own."""


@dataclass(frozen=True)
class Origin:
    """What opened a session, where from and in which browser, as far as is known: for lists, never for a decision."""

    how: str
    """`password`, `totp`, `recovery`, `oidc`, `jwt`."""
    address: str = ""
    browser: str = ""


@dataclass(frozen=True)
class SessionLife:
    """How long a session lasts (s), without anything its user does and at most; and how many one user may have."""

    idle_s: float = 30 * 60
    longest_s: float = 12 * 3600
    per_user: int = 10


@dataclass(frozen=True)
class OpenSession:
    """A session in force as its user and the operator see one."""

    id: str
    email: str
    how: str
    address: str
    browser: str
    created_at: float
    seen_at: float


@dataclass(frozen=True)
class NewSession:
    """What a browser gets, and how many older sessions of the user had to end for it."""

    token: str
    ended: int


class Sessions:
    """Every question about login sessions. Each method raises StoreUnavailable."""

    def __init__(
        self, engine: Engine, life: SessionLife, clock: Callable[[], float], announce: Callable[[], None]
    ) -> None:
        """`clock` tells epoch seconds; `announce` is called after sessions were ended."""
        self._engine = engine
        self._life = life
        self._clock = clock
        self._announce = announce

    def in_force(self, at: ColumnElement[float] | None = None) -> tuple[ColumnElement[bool], ...]:
        """What is true of the row of a session that is still one, beside what its user is; `at`: None for now."""
        now = literal(self._clock()) if at is None else at
        return (
            login_sessions.c.revoked_at.is_(None),
            login_sessions.c.expires_at > now,
            login_sessions.c.seen_at > now - self._life.idle_s,
        )

    def add(self, connection: Connection, user_id: int, origin: Origin) -> NewSession:
        """A new session, within the transaction of `connection`. The user's ended ones are tidied away; of those in
        force the oldest end where there would be too many.
        """
        now, token = self._clock(), secrets.token_urlsafe(32)
        over = or_(login_sessions.c.expires_at <= now, login_sessions.c.seen_at <= now - self._life.idle_s)
        connection.execute(delete(login_sessions).where(login_sessions.c.user_id == user_id, over))
        connection.execute(
            insert(login_sessions).values(
                token_hash=hash_of(token),
                user_id=user_id,
                created_at=now,
                expires_at=now + self._life.longest_s,
                seen_at=now,
                how=origin.how,
                address=origin.address[:MAX_ADDRESS],
                browser=origin.browser[:MAX_BROWSER],
            )
        )
        return NewSession(token, self._end_surplus(connection, user_id, hash_of(token)))

    def see(self, credential: str) -> None:
        """Note that the user of a session has done something; of another kind of credential nothing is noted."""
        kind, _, token_hash = credential.partition(":")
        if kind != "session":
            return
        now = self._clock()
        known = (
            login_sessions.c.token_hash == token_hash,
            login_sessions.c.seen_at < now - self._life.idle_s * SEEN_SHARE,
        )
        with reading(self._engine) as connection:  # Looked for first: a write locks.
            if connection.execute(select(login_sessions.c.user_id).where(*known)).first() is None:
                return
        with writing(self._engine) as connection:
            connection.execute(update(login_sessions).where(*known, *self.in_force()).values(seen_at=now))

    def list(self, email: str | None = None) -> list[OpenSession]:
        """The sessions in force, of everybody or of one user, newest login first."""
        row = login_sessions.c
        query = (
            select(row.token_hash, users.c.email, row.how, row.address, row.browser, row.created_at, row.seen_at)
            .join(users)
            .where(*self.in_force(), users.c.disabled_at.is_(None))
            .order_by(row.created_at.desc())
        )
        if email is not None:
            query = query.where(users.c.email == email)
        with reading(self._engine) as connection:
            return [OpenSession(found[0][:SHOWN_ID], *found[1:]) for found in connection.execute(query)]

    def close(self, token: str) -> None:
        """End a session; nothing happens when it is none."""
        self._revoke(login_sessions.c.token_hash == hash_of(token))

    def revoke(self, shown_id: str, *, of_user: int | None = None) -> bool:
        """End the session that `list` shows as `shown_id`; whether there was one, of that user if one is given."""
        is_id = len(shown_id) == SHOWN_ID and shown_id.isalnum() and shown_id.isascii()
        which = login_sessions.c.token_hash.startswith(shown_id)
        return is_id and self._revoke(which if of_user is None else which & (login_sessions.c.user_id == of_user)) > 0

    def revoke_all(self, email: str) -> int:
        """End every session of a user; how many were in force."""
        return self._revoke(login_sessions.c.user_id.in_(select(users.c.id).where(users.c.email == email)))

    def revoke_others(self, user_id: int, credential: str) -> int:
        """End every session of a user but that of `credential`; how many were in force."""
        kept = login_sessions.c.token_hash != credential.partition(":")[2]
        return self._revoke((login_sessions.c.user_id == user_id) & kept)

    def _revoke(self, which: ColumnElement[bool]) -> int:
        with writing(self._engine) as connection:
            ended = self.end(connection, which)
        self._announce()
        return ended

    def _end_surplus(self, connection: Connection, user_id: int, newest: str) -> int:
        row = login_sessions.c
        others = (row.user_id == user_id, row.token_hash != newest, *self.in_force())
        surplus = select(row.token_hash).where(*others).order_by(row.created_at.desc()).offset(self._life.per_user - 1)
        hashes = connection.execute(surplus).scalars().all()
        return self.end(connection, row.token_hash.in_(hashes)) if hashes else 0

    def end(self, connection: Connection, which: ColumnElement[bool]) -> int:
        """End those of which `which` is true, within the transaction of `connection`; how many were not revoked."""
        ended = update(login_sessions).where(which, login_sessions.c.revoked_at.is_(None))
        return connection.execute(ended.values(revoked_at=self._clock())).rowcount


def hash_of(token: str) -> str:
    """What is stored of a session's or an API token: 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()
