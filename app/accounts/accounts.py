"""Users and their passwords, and the way to everything that belongs to them. No table's row leaves this file.

Every change that takes access away is announced to the processes that hold streams open.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy import Engine, Float, Update, bindparam, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from app.accounts.email import canonical
from app.accounts.migrations import migrate
from app.accounts.passwords import Passwords, UnacceptablePassword, make_password
from app.accounts.principals import Principals, Role
from app.accounts.sessions import Origin, Person, SessionLife, Sessions
from app.accounts.tables import login_sessions, second_factors, tokens, users
from app.accounts.targets import NOBODY, Target, Targets, target_of
from app.accounts.tokens import Tokens
from store.database import reading, writing
from store.errors import MonitorError


class AccountError(MonitorError):
    """The account does not allow what was asked; the message is for the operator."""


@dataclass(frozen=True)
class Account:
    """A user as the operator sees one. Times are epoch seconds."""

    email: str
    role: Role
    created_at: float
    disabled_at: float | None
    initial_until: float | None
    """When the operator's password expires; None once the user has chosen one."""


@dataclass(frozen=True)
class NewSession:
    """A session that has just been opened."""

    token: str
    """The session cookie's value."""
    ended: int
    """How many older sessions of the user ended to make room for it."""
    target: Target
    """The account as it was checked, for the device cookie."""


INITIAL_S = 7 * 86_400
"""How long a password set by the operator is valid, unless its user replaces it before (s; ASVS 5.0, 6.4.1)."""

# Built once: SQLAlchemy takes longer to build a statement than the database to answer it, and logins come in floods.
_BY_ADDRESS = (
    select(users.c.id, users.c.password_hash, second_factors.c.sealed_secret, users.c.initial_until)
    .outerjoin(second_factors)
    .where(
        users.c.email == bindparam("address"),
        users.c.disabled_at.is_(None),
        or_(users.c.initial_until.is_(None), users.c.initial_until > bindparam("now", type_=Float)),
    )
)


class Accounts:
    """Creates, changes and authenticates users. Each method raises StoreUnavailable.

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
        self.principals = Principals(engine, self.sessions)
        self.targets = Targets(engine)
        self._announce = announce
        self._passwords = passwords or Passwords()
        self._clock = clock

    def migrate(self) -> None:
        """Bring the tables up to date. Raises: StoreUnavailable."""
        migrate(self._engine)

    def create_user(self, email: str, password: str, role: Role, *, is_initial: bool = False) -> None:
        """Add a user. is_initial: the operator has set the password, and its user must replace it at the first login.

        Raises: AccountError when the user exists or `email` is no address, UnacceptablePassword.
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
        """Replace the password and end every session; ends_tokens: every API token too. `is_initial` as above.

        Raises: AccountError, UnacceptablePassword.
        """
        columns = self._password_columns(canonical(email), password, is_initial=is_initial)
        self._change_user(email, ends_tokens=ends_tokens, **columns)

    def replace_password(self, person: Person, password: str, *, ends_tokens: bool = False) -> Person | None:
        """Let a user who has just shown the old password choose a new one, and end every session, as above.

        Returns: the user with the new hash; None when the account has changed since. Raises: UnacceptablePassword,
        Busy.
        """
        if self._passwords.verify(person.password_hash, password, is_known=True):
            raise UnacceptablePassword("same", "The new password is the same as the old one.")
        columns = self._password_columns(person.email, password, is_initial=False)
        with writing(self._engine) as connection:
            if not connection.execute(_unchanged(person).values(columns)).rowcount:
                return None
            self.sessions.end(connection, login_sessions.c.user_id == person.user_id)
            if ends_tokens:
                self.tokens.end(connection, tokens.c.user_id == person.user_id)
        self._announce()
        return replace(person, password_hash=str(columns["password_hash"]), is_initial=False)

    def set_role(self, email: str, role: Role) -> None:
        """Change a user's role and end every session: no session outlives the role it was opened with.

        Raises: AccountError.
        """
        self._change_user(email, role=role)

    def enable_user(self, email: str) -> None:
        """Let a disabled user log in again. The old password counts; the tokens stay revoked. Raises: AccountError."""
        self._change_user(email, disabled_at=None)

    def disable_user(self, email: str) -> None:
        """Disable a user and end every session and token. Raises: AccountError when there is no such user."""
        self._change_user(email, ends_tokens=True, disabled_at=self._clock())

    def list_users(self) -> list[Account]:
        """Every user, by e-mail address."""
        row = users.c
        query = select(row.email, row.role, row.created_at, row.disabled_at, row.initial_until).order_by(row.email)
        with reading(self._engine) as connection:
            return [Account(found[0], Role(found[1]), *found[2:]) for found in connection.execute(query)]

    def check_password(self, email: str, password: str, *, is_known: bool = False) -> Person | None:
        """The user of that address and password; None when they do not match, the password has expired or the user is
        disabled.

        An unknown user takes as long as a wrong password. No database connection is held while hashing. is_known: the
        attempt comes from a known browser and need not queue behind strangers. Raises: Busy.
        """
        address = canonical(email)
        with reading(self._engine) as connection:
            row = connection.execute(_BY_ADDRESS, {"address": address, "now": self._clock()}).one_or_none()
        is_right = self._passwords.verify(row and row.password_hash, password, is_known=is_known)
        if row is None:
            return None
        is_initial = row.initial_until is not None
        person = Person(row.id, address, row.password_hash, row.sealed_secret, is_initial=is_initial)
        # A wrong password is rehashed too, in vain: before a second factor, timing must not tell a right one.
        renewed_hash = self._passwords.renew(row.password_hash, password, is_known=is_known)
        renewed = self._renew_hash(person, renewed_hash, is_right=is_right)
        return renewed if is_right else None

    def open_session_for(self, person: Person, origin: Origin) -> NewSession | None:
        """Open a session; None when the account has changed since `person` was read, or the password is initial.

        A user who has too many sessions loses the oldest.
        """
        if person.is_initial:
            return None
        with writing(self._engine) as connection:
            # The update locks the user's row. A password change or a disabled user since the reading makes it match
            # no row; a later change finds the new session and ends it. Second factors are looked at under that lock.
            is_same = connection.execute(_unchanged(person).values(password_hash=person.password_hash)).rowcount
            if not is_same or not self.targets.has_factor_of(connection, person):
                return None
            token, ended = self.sessions.add(connection, person.user_id, origin)
        if ended:
            self._announce()
        return NewSession(token, ended, target_of(person))

    def _password_columns(self, address: str, password: str, *, is_initial: bool) -> dict[str, str | float | None]:
        until = self._clock() + INITIAL_S if is_initial else None
        return {"password_hash": self._passwords.hash(password, words=[address]), "initial_until": until}

    def _change_user(self, email: str, *, ends_tokens: bool = False, **values: str | float | None) -> None:
        is_theirs = users.c.email == canonical(email)
        with writing(self._engine) as connection:
            if not connection.execute(update(users).where(is_theirs).values(values)).rowcount:
                raise AccountError(f"There is no user {email}.")
            ids = select(users.c.id).where(is_theirs)
            self.sessions.end(connection, login_sessions.c.user_id.in_(ids))
            if ends_tokens:
                self.tokens.end(connection, tokens.c.user_id.in_(ids))
        self._announce()

    def _renew_hash(self, person: Person, new_hash: str, *, is_right: bool) -> Person | None:
        if new_hash == person.password_hash:
            return person
        owner = person if is_right else replace(person, user_id=NOBODY)
        with writing(self._engine) as connection:
            if not connection.execute(_unchanged(owner).values(password_hash=new_hash)).rowcount:
                return None
        return replace(person, password_hash=new_hash)


def ensure_first_admin(accounts: Accounts, email: str, password: str | None) -> str | None:
    """Create a super_admin unless one exists, even a disabled one.

    Without `password` it makes an initial one. Returns: the password it made, else None.

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
