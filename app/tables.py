"""The tables of the panel's own database. Declarations only; app.accounts, .people and .second_factors use them.

Instants (`*_at`) are epoch seconds, UTC. A change here needs a migration in migrations/versions.
"""

from sqlalchemy import Double, ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

MAX_EMAIL = 254
"""Characters of an address (RFC 5321, 4.5.3.1.3)."""

MAX_ADDRESS = 45
"""Characters of an IPv6 address that holds an IPv4 one."""


class Base(DeclarativeBase):
    """Holds the metadata of every table."""


class User(Base):
    """A person. Never deleted, so that the past stays readable."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(MAX_EMAIL), unique=True)
    """In lower case, hence unique whatever its case."""
    password_hash: Mapped[str] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[float] = mapped_column(Double)
    disabled_at: Mapped[float | None] = mapped_column(Double)


class LoginSession(Base):
    """One login in one browser. Its row goes with the user's first login after it has ended by itself."""

    __tablename__ = "login_sessions"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[float] = mapped_column(Double)
    expires_at: Mapped[float] = mapped_column(Double)
    seen_at: Mapped[float] = mapped_column(Double)
    """When its user last did something; not when the page last asked for something by itself."""
    how: Mapped[str] = mapped_column(String(16))
    """What opened it: `password`."""
    address: Mapped[str] = mapped_column(String(MAX_ADDRESS))
    """Where it was opened from, as far as is known."""
    revoked_at: Mapped[float | None] = mapped_column(Double)


class Token(Base):
    """A script's way in. Lives until it is revoked."""

    __tablename__ = "tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scope: Mapped[str] = mapped_column(String(16), server_default="read")
    created_at: Mapped[float] = mapped_column(Double)
    revoked_at: Mapped[float | None] = mapped_column(Double)


class AuditEvent(Base):
    """Something that somebody did or tried at the door. Bounded by age and number; see app.audit."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[float] = mapped_column(Double, index=True)
    kind: Mapped[str] = mapped_column(String(32))
    who: Mapped[str] = mapped_column(String(MAX_EMAIL))
    """The user's address; of a failed login what was typed, if it can be one; "" where nobody is known."""
    address: Mapped[str] = mapped_column(String(MAX_ADDRESS))
    """Where from; "" for the operator's own commands."""
    detail: Mapped[str] = mapped_column(String(200))
    count: Mapped[int] = mapped_column()
    """How many such events the row stands for: in a flood all of a minute beyond the first few share one."""


class Identity(Base):
    """Who a user is to another system, whose word lets them in. Never an e-mail address: those change hands."""

    __tablename__ = "identities"

    issuer: Mapped[str] = mapped_column(String(255), primary_key=True)
    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[float] = mapped_column(Double)


class SpentToken(Base):
    """Another system's token that has opened a session, which it does once. Its row goes after it has expired."""

    __tablename__ = "spent_tokens"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[float] = mapped_column(Double, index=True)


class SecondFactor(Base):
    """The secret that a user's authenticator app shares with the panel."""

    __tablename__ = "second_factors"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    sealed_secret: Mapped[str] = mapped_column(String(255))
    last_step: Mapped[int] = mapped_column()
    """The time step of the newest code that was used: neither it nor an older one is taken again."""
    created_at: Mapped[float] = mapped_column(Double)


class RecoveryCode(Base):
    """What stands in for a code of the app, once."""

    __tablename__ = "recovery_codes"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    used_at: Mapped[float | None] = mapped_column(Double)
