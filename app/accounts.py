"""Who may look: users, their login sessions, their API tokens. No table's row leaves this file.

Of a session or a token the database holds the hash alone. Every look at one asks again whether it is revoked or over
and its user disabled, and takes the role from the users' table. Whatever takes access away is announced.
"""

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, Engine, Select, Update, insert, literal, select, update
from sqlalchemy.exc import IntegrityError

from app.passwords import Passwords, make_password
from app.schema import migrate
from app.sessions import Person, SessionLife, Sessions, hash_of
from app.tables import MAX_EMAIL, login_sessions, tokens, users
from collector.store.database import reading, writing
from collector.store.errors import MonitorError

TOKEN_PREFIX = "zvm_"  # noqa: S105  What every API token starts with, so that secret scanners can tell one.


class Role(StrEnum):
    """What a user may do."""

    SUPER_ADMIN = "super_admin"
    """See the panel."""
    VIEWER = "viewer"
    """Nothing yet."""


class Scope(StrEnum):
    """What an API token is for."""

    READ = "read"
    """What its user may do."""
    LOGS = "logs"
    """Sending log lines, and nothing else."""


class AccountError(MonitorError):
    """What was asked cannot be done with this account; the message is for the operator."""


@dataclass(frozen=True)
class Principal:
    """Who makes a request, and by which credential: `session:` or `token:` and the hash of it."""

    user_id: int
    email: str
    role: Role
    credential: str
    scope: Scope = Scope.READ


@dataclass(frozen=True)
class Account:
    """A user as the operator sees one."""

    email: str
    role: Role
    created_at: float
    disabled_at: float | None


@dataclass(frozen=True)
class IssuedToken:
    """An API token as the operator sees one."""

    id: int
    email: str
    scope: Scope
    created_at: float
    revoked_at: float | None


_PRINCIPAL = select(users.c.id, users.c.email, users.c.role, literal(Scope.READ.value).label("scope"))


class Accounts:
    """Every question about users, sessions and tokens. Each method raises StoreUnavailable.

    `clock` tells epoch seconds; `announce` is called after access was taken away from somebody.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        life: SessionLife | None = None,
        passwords: Passwords | None = None,
        clock: Callable[[], float] = time.time,
        announce: Callable[[], None] = lambda: None,
    ) -> None:
        self._engine = engine
        self.sessions = Sessions(engine, life or SessionLife(), clock, announce)
        self._announce = announce
        self._passwords = passwords or Passwords()
        self._clock = clock

    def migrate(self) -> None:
        """Bring the tables up to date. Raises: StoreUnavailable."""
        migrate(self._engine)

    def create_user(self, email: str, password: str, role: Role) -> None:
        """Add a user. Raises: AccountError when there is one or it is no address, UnacceptablePassword."""
        address = canonical(email)
        if not address:
            raise AccountError(f"This is no e-mail address: {email!r}.")
        password_hash, now = self._passwords.hash(password, words=[address]), self._clock()
        try:
            with writing(self._engine) as connection:
                connection.execute(
                    insert(users).values(email=address, password_hash=password_hash, role=role, created_at=now)
                )
        except IntegrityError as exc:
            raise AccountError(f"There is a user {address} already.") from exc

    def set_password(self, email: str, password: str) -> None:
        """Replace the password and end every session. Raises: AccountError, UnacceptablePassword."""
        self._change_user(email, password_hash=self._passwords.hash(password, words=[canonical(email)]))

    def set_role(self, email: str, role: Role) -> None:
        """Change what a user may do and end every session: one is never older than what it allows.

        Raises: AccountError.
        """
        self._change_user(email, role=role)

    def enable_user(self, email: str) -> None:
        """Let a disabled user in again, by the old password and new tokens. Raises: AccountError."""
        self._change_user(email, disabled_at=None)

    def disable_user(self, email: str) -> None:
        """Shut a user out and end every session and token. Raises: AccountError when there is no such user."""
        self._change_user(email, ends_tokens=True, disabled_at=self._clock())

    def list_users(self) -> list[Account]:
        """Every user, by e-mail address."""
        query = select(users.c.email, users.c.role, users.c.created_at, users.c.disabled_at).order_by(users.c.email)
        with reading(self._engine) as connection:
            return [
                Account(row.email, Role(row.role), row.created_at, row.disabled_at) for row in connection.execute(query)
            ]

    def check_password(self, email: str, password: str) -> Person | None:
        """Who this is; None when the two do not belong together or the user is disabled.

        Takes as long for an unknown user as for a wrong password. Holds no connection while it hashes. Raises: Busy.
        """
        address = canonical(email)
        query = select(users.c.id, users.c.password_hash).where(users.c.email == address, users.c.disabled_at.is_(None))
        with reading(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        if not self._passwords.verify(row and row.password_hash, password) or row is None:
            return None
        new_hash = self._passwords.renew(row.password_hash, password)
        return self._renew_hash(Person(row.id, address, row.password_hash), new_hash)

    def open_session_for(self, person: Person, how: str, *, address: str = "") -> str | None:
        """A new session's token; None when the account has changed since it was known who this is.

        `how`: what showed it (`password`), `address`: where from; both for the operator's list.
        """
        with writing(self._engine) as connection:
            # The update locks the user's row: a password changed or a user disabled since it was read makes it match
            # nothing, and one that comes later finds the session and ends it.
            if not connection.execute(_unchanged(person).values(password_hash=person.stamp)).rowcount:
                return None
            return self.sessions.add(connection, person.user_id, how, address)

    def find_session(self, token: str) -> Principal | None:
        """Whose session this is; None when it is none, or no longer one."""
        token_hash = hash_of(token)
        valid = (login_sessions.c.token_hash == token_hash, *self.sessions.in_force())
        return self._find_principal(f"session:{token_hash}", _PRINCIPAL.join(login_sessions).where(*valid))

    def create_token(self, email: str, scope: Scope = Scope.READ) -> tuple[int, str]:
        """A new API token's id and the token, which cannot be read again. Raises: AccountError."""
        token = TOKEN_PREFIX + secrets.token_urlsafe(32)
        with writing(self._engine) as connection:
            known = select(users.c.id).where(users.c.email == canonical(email), users.c.disabled_at.is_(None))
            user_id = connection.execute(known).scalar_one_or_none()
            if user_id is None:
                raise AccountError(f"There is no user {email}, or it is disabled.")
            row = {"user_id": user_id, "token_hash": hash_of(token), "scope": scope, "created_at": self._clock()}
            token_id = connection.execute(insert(tokens).values(row).returning(tokens.c.id)).scalar_one()
        return token_id, token

    def find_token(self, token: str) -> Principal | None:
        """Whose API token this is; None when it is none, or no longer one."""
        token_hash = hash_of(token)
        valid = (tokens.c.token_hash == token_hash, tokens.c.revoked_at.is_(None))
        query = select(users.c.id, users.c.email, users.c.role, tokens.c.scope).join(tokens).where(*valid)
        return self._find_principal(f"token:{token_hash}", query)

    def revoke_token(self, token_id: int) -> None:
        """End an API token. Raises: AccountError when there is none in force with this id."""
        with writing(self._engine) as connection:
            if not _revoke_tokens(connection, tokens.c.id == token_id, self._clock()):
                raise AccountError(f"There is no token {token_id}, or it is revoked.")
        self._announce()

    def list_tokens(self, email: str | None = None) -> list[IssuedToken]:
        """Every API token ever made, or those of one user, oldest first."""
        columns = (tokens.c.id, users.c.email, tokens.c.scope, tokens.c.created_at, tokens.c.revoked_at)
        query = select(*columns).join(users).order_by(tokens.c.id)
        if email is not None:
            query = query.where(users.c.email == canonical(email))
        with reading(self._engine) as connection:
            rows = connection.execute(query)
            return [IssuedToken(row[0], row[1], Scope(row[2]), *row[3:]) for row in rows]

    def _change_user(self, email: str, *, ends_tokens: bool = False, **values: str | float | None) -> None:
        known = users.c.email == canonical(email)
        with writing(self._engine) as connection:
            if not connection.execute(update(users).where(known).values(values)).rowcount:
                raise AccountError(f"There is no user {email}.")
            theirs = select(users.c.id).where(known)
            self.sessions.end(connection, login_sessions.c.user_id.in_(theirs))
            if ends_tokens:
                _revoke_tokens(connection, tokens.c.user_id.in_(theirs), self._clock())
        self._announce()

    def _renew_hash(self, person: Person, new_hash: str) -> Person | None:
        if new_hash == person.stamp:
            return person
        with writing(self._engine) as connection:
            if not connection.execute(_unchanged(person).values(password_hash=new_hash)).rowcount:
                return None
        return replace(person, stamp=new_hash)

    def _find_principal(self, credential: str, query: Select[int, str, str, str]) -> Principal | None:
        with reading(self._engine) as connection:
            row = connection.execute(query.where(users.c.disabled_at.is_(None))).one_or_none()
        return row and Principal(row.id, row.email, Role(row.role), credential, Scope(row.scope))


def ensure_first_admin(accounts: Accounts, email: str, password: str | None) -> str | None:
    """Create a super_admin unless there is one, be it disabled. The password when one had to be made, else None.

    Raises: AccountError, UnacceptablePassword, StoreUnavailable.
    """
    if any(user.role is Role.SUPER_ADMIN for user in accounts.list_users()):
        return None
    made = None if password else make_password()
    accounts.create_user(email, password or made or "", Role.SUPER_ADMIN)
    return made


def _unchanged(person: Person) -> Update:
    return update(users).where(
        users.c.id == person.user_id, users.c.password_hash == person.stamp, users.c.disabled_at.is_(None)
    )


def _revoke_tokens(connection: Connection, which: ColumnElement[bool], now: float) -> int:
    """How many were in force until now."""
    return connection.execute(
        update(tokens).where(which, tokens.c.revoked_at.is_(None)).values(revoked_at=now)
    ).rowcount


def canonical(email: str) -> str:
    """The form in which an address is stored and looked up; a text that cannot be one becomes the empty string.

    PostgreSQL refuses a NUL in a text, so what the login form brings is sifted before it gets there.
    """
    address = email.strip().lower()
    is_address = re.fullmatch(r"[^@\s]+@[^@\s]+", address) and address.isprintable() and len(address) <= MAX_EMAIL
    return address if is_address else ""
