"""Users whom another system vouches for, found by issuer and subject. No table's row leaves this file.

The e-mail address that the system asserts is a label and never finds an account. The role that it asserts applies anew
at each login: it creates the user, and takes the role away again.
"""

import hashlib
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from sqlalchemy import Connection, Engine, Row, delete, exists, insert, select
from sqlalchemy.exc import IntegrityError

from app.accounts.accounts import Accounts
from app.accounts.email import canonical
from app.accounts.passwords import NO_PASSWORD
from app.accounts.principals import Role
from app.accounts.sessions import Person
from app.accounts.tables import identities, second_factors, spent_tokens, users
from store.database import reading, writing

_PERSON = select(
    users.c.id,
    users.c.email,
    users.c.password_hash,
    second_factors.c.sealed_secret,
    users.c.role,
    users.c.disabled_at,
    users.c.initial_until,
).outerjoin(second_factors, second_factors.c.user_id == users.c.id)
Found = Row[int, str, str, str | None, str, float | None, float | None]


@dataclass(frozen=True, kw_only=True)
class Assertion:
    """What another system asserts of a user."""

    issuer: str
    subject: str
    email: str | None
    """A verified address, if it asserts one."""
    is_super_admin: bool


class Identities:
    """Finds users, and creates those whom other systems vouch for. Each method raises StoreUnavailable."""

    def __init__(self, engine: Engine, accounts: Accounts, clock: Callable[[], float] = time.time) -> None:
        """`clock` tells epoch seconds."""
        self._engine = engine
        self._accounts = accounts
        self._clock = clock

    def find(self, user_id: int) -> Person | None:
        """The user of this id, if enabled."""
        with reading(self._engine) as connection:
            row = connection.execute(_PERSON.where(users.c.id == user_id)).one_or_none()
        return _person(row)

    def has_password(self, person: Person) -> bool:
        """Whether the user has a password here. Users whom another system vouches for have none."""
        return person.password_hash != NO_PASSWORD

    def find_or_create(self, assertion: Assertion) -> Person | None:
        """The user of an assertion, created at the first login; None without the role, or when disabled here."""
        row = self._find_identity(assertion)
        if not assertion.is_super_admin:
            if row is not None and row.role == Role.SUPER_ADMIN:
                self._accounts.set_role(row.email, Role.VIEWER)  # Ends their sessions and streams.
            return None
        if row is None:
            with suppress(IntegrityError):  # Another window of the same user was quicker.
                self._make(assertion)
            row = self._find_identity(assertion)
        person = _person(row)
        if person is not None and row is not None and row.role != Role.SUPER_ADMIN:
            self._accounts.set_role(person.email, Role.SUPER_ADMIN)
        return person and replace(person, is_initial=False)  # No password was asked for.

    def spend(self, token_name: str, expires_at: float) -> bool:
        """Mark another system's token as used, until `expires_at` (epoch s). Whether it was unused."""
        token_hash = hashlib.sha256(token_name.encode(errors="replace")).hexdigest()
        try:
            with writing(self._engine) as connection:
                connection.execute(delete(spent_tokens).where(spent_tokens.c.expires_at < self._clock()))
                connection.execute(insert(spent_tokens).values(token_hash=token_hash, expires_at=expires_at))
        except IntegrityError:
            return False
        return True

    def _find_identity(self, assertion: Assertion) -> "Found | None":
        named = (identities.c.issuer == assertion.issuer, identities.c.subject == assertion.subject)
        query = _PERSON.join(identities, identities.c.user_id == users.c.id).where(*named)
        with reading(self._engine) as connection:
            return connection.execute(query).one_or_none()

    def _make(self, assertion: Assertion) -> None:
        now = self._clock()
        with writing(self._engine) as connection:
            row = {"password_hash": NO_PASSWORD, "role": Role.SUPER_ADMIN, "created_at": now}
            made = insert(users).values(email=_label(connection, assertion), **row).returning(users.c.id)
            user_id = connection.execute(made).scalar_one()
            known = {"issuer": assertion.issuer, "subject": assertion.subject, "user_id": user_id, "created_at": now}
            connection.execute(insert(identities).values(known))


def _person(row: "Found | None") -> Person | None:
    if row is None or row.disabled_at is not None:
        return None
    return Person(row.id, row.email, row.password_hash, row.sealed_secret, is_initial=row.initial_until is not None)


def _label(connection: Connection, assertion: Assertion) -> str:
    """An address for the user that no other has: the asserted one, else one that is plainly made up."""
    email = canonical(assertion.email or "")
    if email and not connection.execute(select(exists().where(users.c.email == email))).scalar():
        return email
    number = hashlib.sha256(f"{assertion.issuer}\n{assertion.subject}".encode()).hexdigest()[:12]
    return f"sso-{number}@{urlsplit(assertion.issuer).hostname or 'sso'}"
