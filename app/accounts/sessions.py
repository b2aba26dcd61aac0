"""Login sessions: how long they last, and which users have them. No table's row leaves this file.

A session ends `longest_s` after its login, and earlier when its user has been idle for `idle_s`. What the page does by
itself (its stream, its polling) is no activity of its user: a screen left alone signs itself out.
"""

import hashlib
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Engine, delete, insert, literal, or_, select, update

from app.accounts.email import canonical
from app.accounts.tables import MAX_ADDRESS, MAX_BROWSER, login_sessions, users
from store.database import reading, writing

SHOWN_ID = 12
"""Characters of a session's hash that name it to the operator. They give no access."""

SEEN_SHARE = 1 / 60
"""Activity is recorded once per this share of the idle time: a database write for each key press would be waste."""


@dataclass(frozen=True)
class Person:
    """A user as read at one moment. A session opens for one only while password and second factor are still these."""

    user_id: int
    email: str
    password_hash: str
    sealed_secret: str | None = None
    """Of the second factor, encrypted; None without one."""
    is_initial: bool = False
    """Whether the operator set that password. It then leads to the form for a new one and to nothing else."""


@dataclass(frozen=True)
class Origin:
    """How, from which address and in which browser a session was opened. For lists, never for a decision."""

    how: str
    """`password`, `totp`, `recovery`, `oidc`, `jwt`."""
    address: str = ""
    browser: str = ""


@dataclass(frozen=True)
class SessionLife:
    """How long a session lasts without activity and at most (s), and how many sessions a user may have."""

    idle_s: float = 30 * 60
    longest_s: float = 12 * 3600
    per_user: int = 10


@dataclass(frozen=True)
class OpenSession:
    """A session in force as its user and the operator see one. Times are epoch seconds."""

    id: str
    email: str
    how: str
    address: str
    browser: str
    created_at: float
    seen_at: float


class Sessions:
    """Opens, lists and ends login sessions. Each method raises StoreUnavailable."""

    def __init__(
        self, engine: Engine, life: SessionLife, clock: Callable[[], float], announce: Callable[[], None]
    ) -> None:
        """`clock` tells epoch seconds; `announce` is called after sessions were ended."""
        self._engine = engine
        self._life = life
        self._clock = clock
        self._announce = announce

    def in_force(self, at: ColumnElement[float] | None = None) -> tuple[ColumnElement[bool], ...]:
        """The conditions that a session's row meets while it is in force, its user aside; `at`: None for now."""
        now = literal(self._clock()) if at is None else at
        return (
            login_sessions.c.revoked_at.is_(None),
            login_sessions.c.expires_at > now,
            login_sessions.c.seen_at > now - self._life.idle_s,
        )

    def add(self, connection: Connection, user_id: int, origin: Origin) -> tuple[str, int]:
        """Open a session within the transaction of `connection`.

        It deletes the user's expired sessions and ends the oldest ones beyond the limit.

        Returns: the session's token, and how many sessions it ended.
        """
        now, token = self._clock(), secrets.token_urlsafe(32)
        is_over = or_(login_sessions.c.expires_at <= now, login_sessions.c.seen_at <= now - self._life.idle_s)
        connection.execute(delete(login_sessions).where(login_sessions.c.user_id == user_id, is_over))
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
        return token, self._end_surplus(connection, user_id, hash_of(token))

    def see(self, credential: str) -> None:
        """Record that a session's user is active. Does nothing for another kind of credential."""
        kind, _, token_hash = credential.partition(":")
        if kind != "session":
            return
        now = self._clock()
        is_due = (
            login_sessions.c.token_hash == token_hash,
            login_sessions.c.seen_at < now - self._life.idle_s * SEEN_SHARE,
        )
        with reading(self._engine) as connection:  # Read first: a write takes a lock.
            if connection.execute(select(login_sessions.c.user_id).where(*is_due)).first() is None:
                return
        with writing(self._engine) as connection:
            connection.execute(update(login_sessions).where(*is_due, *self.in_force()).values(seen_at=now))

    def list(self, email: str | None = None) -> list[OpenSession]:
        """The sessions in force, of every user or of one, newest login first."""
        row = login_sessions.c
        query = (
            select(row.token_hash, users.c.email, row.how, row.address, row.browser, row.created_at, row.seen_at)
            .join(users)
            .where(*self.in_force(), users.c.disabled_at.is_(None))
            .order_by(row.created_at.desc())
        )
        if email is not None:
            query = query.where(users.c.email == canonical(email))
        with reading(self._engine) as connection:
            return [OpenSession(found[0][:SHOWN_ID], *found[1:]) for found in connection.execute(query)]

    def close(self, token: str) -> None:
        """End the session of this token, if there is one."""
        self._revoke(login_sessions.c.token_hash == hash_of(token))

    def revoke(self, shown_id: str, *, of_user: int | None = None) -> bool:
        """End the session that `list` shows as `shown_id`; of_user: only if it is this user's. Whether it ended one."""
        is_id = len(shown_id) == SHOWN_ID and shown_id.isalnum() and shown_id.isascii()
        which = login_sessions.c.token_hash.startswith(shown_id)
        return is_id and self._revoke(which if of_user is None else which & (login_sessions.c.user_id == of_user)) > 0

    @contextmanager
    def ending(self, user_id: int) -> Iterator[Connection]:
        """A transaction that ends every session of a user. It locks the user's row, as the opening of a session does:
        a login either comes first, and its session ends too, or sees what has changed.
        """
        with writing(self._engine) as connection:
            connection.execute(select(users.c.id).where(users.c.id == user_id).with_for_update())
            yield connection
            self.end(connection, login_sessions.c.user_id == user_id)
        self._announce()

    def revoke_all(self, email: str) -> int:
        """End every session of a user. Returns: how many were in force."""
        ids = select(users.c.id).where(users.c.email == canonical(email))
        return self._revoke(login_sessions.c.user_id.in_(ids))

    def revoke_others(self, user_id: int, credential: str) -> int:
        """End every session of a user except the one of `credential`. Returns: how many were in force."""
        is_other = login_sessions.c.token_hash != credential.partition(":")[2]
        return self._revoke((login_sessions.c.user_id == user_id) & is_other)

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
        """End the sessions that `which` selects, within the transaction of `connection`.

        Returns: how many were not revoked before.
        """
        ended = update(login_sessions).where(which, login_sessions.c.revoked_at.is_(None))
        return connection.execute(ended.values(revoked_at=self._clock())).rowcount


def hash_of(token: str) -> str:
    """What the database stores of a session's or an API token: 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()
