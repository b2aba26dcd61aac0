"""Who may look: users, their login sessions, their API tokens. No table's row leaves this file.

Of a session or a token the database holds the hash alone. Every look at one asks again whether it is revoked or over
and its user disabled, and takes the role from the users' table. Whatever takes access away is announced.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy import Engine, Float, Select, Update, bindparam, insert, literal, or_, select, update
from sqlalchemy.exc import IntegrityError

from app.accounts.email import canonical
from app.accounts.migrations import migrate
from app.accounts.passwords import Passwords, UnacceptablePassword, make_password
from app.accounts.sessions import NewSession, Origin, Person, SessionLife, Sessions, hash_of
from app.accounts.tables import login_sessions, tokens, users
from app.accounts.targets import NOBODY, Targets
from app.accounts.tokens import Tokens, TokenScope
from store.database import reading, writing
from store.errors import MonitorError


class Role(StrEnum):
    """What a user may do."""

    SUPER_ADMIN = "super_admin"
    """See the panel."""
    VIEWER = "viewer"
    """Nothing yet."""


class AccountError(MonitorError):
    """What was asked cannot be done with this account; the message is for the operator."""


@dataclass(frozen=True)
class Principal:
    """Who makes a request, and by which credential: `session:` or `token:` and the hash of it."""

    user_id: int
    email: str
    role: Role
    credential: str
    scope: TokenScope = TokenScope.READ


@dataclass(frozen=True)
class Account:
    """A user as the operator sees one."""

    email: str
    role: Role
    created_at: float
    disabled_at: float | None
    initial_until: float | None
    """Until when the operator's password counts; None where it is the user's own."""


INITIAL_S = 7 * 86_400
"""How long a password that the operator set counts, unless its user replaces it before (ASVS 5.0, 6.4.1)."""

# Made once: SQLAlchemy takes longer to build a statement than the database to answer it, and logins come in floods.
_BY_ADDRESS = select(users.c.id, users.c.password_hash, users.c.initial_until).where(
    users.c.email == bindparam("address"),
    users.c.disabled_at.is_(None),
    or_(users.c.initial_until.is_(None), users.c.initial_until > bindparam("now", type_=Float)),
)

_PRINCIPAL = select(users.c.id, users.c.email, users.c.role, literal(TokenScope.READ.value).label("scope"))


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
        self.tokens = Tokens(engine, clock, announce)
        self.targets = Targets(engine)
        self._announce = announce
        self._passwords = passwords or Passwords()
        self._clock = clock

    def migrate(self) -> None:
        """Bring the tables up to date. Raises: StoreUnavailable."""
        migrate(self._engine)

    def create_user(self, email: str, password: str, role: Role, *, is_initial: bool = False) -> None:
        """Add a user. is_initial: who sets the password is not who will use it, and must replace it at the first login.

        Raises: AccountError when there is one or it is no address, UnacceptablePassword.
        """
        address = canonical(email)
        if not address:
            raise AccountError(f"This is no e-mail address: {email!r}.")
        row = self._password_columns(address, password, is_initial=is_initial)
        try:
            with writing(self._engine) as connection:
                connection.execute(insert(users).values(email=address, role=role, created_at=self._clock(), **row))
        except IntegrityError as exc:
            raise AccountError(f"There is a user {address} already.") from exc

    def set_password(self, email: str, password: str, *, is_initial: bool = False, ends_tokens: bool = False) -> None:
        """Replace the password and end every session, and every API token if so asked; `is_initial` as above.

        Raises: AccountError, UnacceptablePassword.
        """
        columns = self._password_columns(canonical(email), password, is_initial=is_initial)
        self._change_user(email, ends_tokens=ends_tokens, **columns)

    def replace_password(self, person: Person, password: str, *, ends_tokens: bool = False) -> Person | None:
        """Give who has just shown the old password a new one of their own, and end every session, as above.

        None when the account has changed since. Raises: UnacceptablePassword, Busy.
        """
        if self._passwords.verify(person.password_hash, password, is_known=True):
            raise UnacceptablePassword("same", "This is the password that was to be replaced.")
        columns = self._password_columns(person.email, password, is_initial=False)
        with writing(self._engine) as connection:
            if not connection.execute(_unchanged(person).values(columns)).rowcount:
                return None
            self.sessions.end(connection, login_sessions.c.user_id == person.user_id)
            if ends_tokens:
                self.tokens.end(connection, tokens.c.user_id == person.user_id)
        self._announce()
        return Person(person.user_id, person.email, str(columns["password_hash"]))

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
        row = users.c
        query = select(row.email, row.role, row.created_at, row.disabled_at, row.initial_until).order_by(row.email)
        with reading(self._engine) as connection:
            return [Account(found[0], Role(found[1]), *found[2:]) for found in connection.execute(query)]

    def check_password(self, email: str, password: str, *, is_known: bool = False) -> Person | None:
        """Who this is; None when the two do not belong together, the password's time is up or the user is disabled.

        Takes as long for an unknown user as for a wrong password. Holds no connection while it hashes.
        is_known: it is tried where the account is known, and need not wait for strangers. Raises: Busy.
        """
        address = canonical(email)
        with reading(self._engine) as connection:
            row = connection.execute(_BY_ADDRESS, {"address": address, "now": self._clock()}).one_or_none()
        is_right = self._passwords.verify(row and row.password_hash, password, is_known=is_known)
        if row is None:
            return None
        person = Person(row.id, address, row.password_hash, is_initial=row.initial_until is not None)
        # Of a wrong one as well, in vain: where a second factor is asked for nothing may tell which it was.
        renewed_hash = self._passwords.renew(row.password_hash, password, is_known=is_known)
        renewed = self._renew_hash(person, renewed_hash, is_right=is_right)
        return renewed if is_right else None

    def open_session_for(self, person: Person, origin: Origin) -> NewSession | None:
        """A new session; None when the account has changed since it was known who this is, or the password is initial.

        It may end the oldest of the user's: there are only so many at once.
        """
        if person.is_initial:
            return None
        with writing(self._engine) as connection:
            # The update locks the user's row: a password changed or a user disabled since it was read makes it match
            # nothing, and one that comes later finds the session and ends it.
            if not connection.execute(_unchanged(person).values(password_hash=person.password_hash)).rowcount:
                return None
            opened = self.sessions.add(connection, person.user_id, origin)
        if opened.ended:
            self._announce()
        return opened

    def find_session(self, token: str) -> Principal | None:
        """Whose session this is; None when it is none, or no longer one."""
        token_hash = hash_of(token)
        valid = (login_sessions.c.token_hash == token_hash, *self.sessions.in_force())
        return self._find_principal(f"session:{token_hash}", _PRINCIPAL.join(login_sessions).where(*valid))

    def find_token(self, token: str) -> Principal | None:
        """Whose API token this is; None when it is none, or no longer one."""
        token_hash = hash_of(token)
        valid = (tokens.c.token_hash == token_hash, tokens.c.revoked_at.is_(None))
        query = select(users.c.id, users.c.email, users.c.role, tokens.c.scope).join(tokens).where(*valid)
        return self._find_principal(f"token:{token_hash}", query)

    def _password_columns(self, address: str, password: str, *, is_initial: bool) -> dict[str, str | float | None]:
        until = self._clock() + INITIAL_S if is_initial else None
        return {"password_hash": self._passwords.hash(password, words=[address]), "initial_until": until}

    def _change_user(self, email: str, *, ends_tokens: bool = False, **values: str | float | None) -> None:
        known = users.c.email == canonical(email)
        with writing(self._engine) as connection:
            if not connection.execute(update(users).where(known).values(values)).rowcount:
                raise AccountError(f"There is no user {email}.")
            theirs = select(users.c.id).where(known)
            self.sessions.end(connection, login_sessions.c.user_id.in_(theirs))
            if ends_tokens:
                self.tokens.end(connection, tokens.c.user_id.in_(theirs))
        self._announce()

    def _renew_hash(self, person: Person, new_hash: str, *, is_right: bool) -> Person | None:
        if new_hash == person.password_hash:
            return person
        meant = person if is_right else replace(person, user_id=NOBODY)
        with writing(self._engine) as connection:
            if not connection.execute(_unchanged(meant).values(password_hash=new_hash)).rowcount:
                return None
        return replace(person, password_hash=new_hash)

    def _find_principal(self, credential: str, query: Select[int, str, str, str]) -> Principal | None:
        with reading(self._engine) as connection:
            row = connection.execute(query.where(users.c.disabled_at.is_(None))).one_or_none()
        return row and Principal(row.id, row.email, Role(row.role), credential, TokenScope(row.scope))


def ensure_first_admin(accounts: Accounts, email: str, password: str | None) -> str | None:
    """Create a super_admin unless there is one, be it disabled. The password when one had to be made, else None.

    The one that was made is for the first login; the one that was given is its user's own.

    Raises: AccountError, UnacceptablePassword, StoreUnavailable.
    """
    if any(user.role is Role.SUPER_ADMIN for user in accounts.list_users()):
        return None
    made = None if password else make_password()
    accounts.create_user(email, password or made or "", Role.SUPER_ADMIN, is_initial=made is not None)
    return made


def _unchanged(person: Person) -> Update:
    return update(users).where(
        users.c.id == person.user_id, users.c.password_hash == person.password_hash, users.c.disabled_at.is_(None)
    )
