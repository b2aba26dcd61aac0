"""The tables of the panel's own database. Declarations only; the modules beside use them.

Instants (`*_at`) are epoch seconds, UTC. A change here needs a migration in migrations/versions. SQLAlchemy's Core
alone: its ORM would cost the web process 6 MB to declare eight tables.
"""

from typing import Any

from sqlalchemy import Column, Double, ForeignKey, Integer, MetaData, String, Table

MAX_EMAIL = 254
"""Characters of an address (RFC 5321, 4.5.3.1.3)."""

MAX_ADDRESS = 45
"""Characters of an IPv6 address that holds an IPv4 one."""

MAX_BROWSER = 64
"""Characters of app.auth.user_agent's words."""

metadata = MetaData()


def _text(name: str, length: int, **options: Any) -> "Column[str]":
    return Column(name, String(length), nullable=False, **options)


def _instant(name: str, **options: Any) -> "Column[float]":
    return Column(name, Double, **{"nullable": False, **options})


def _user_id(**options: Any) -> "Column[int]":
    return Column("user_id", Integer, ForeignKey("users.id"), nullable=False, **options)


users = Table(
    "users",
    metadata,
    Column("id", Integer, primary_key=True),
    _text("email", MAX_EMAIL, unique=True),  # In lower case, hence unique whatever its case.
    _text("password_hash", 255),
    _text("role", 32),
    _instant("created_at"),
    _instant("disabled_at", nullable=True),
    # Until when the operator's password counts, which its user must replace; NULL where it is the user's own.
    _instant("initial_until", nullable=True),
)
"""A person. Never deleted, so that the past stays readable."""

login_sessions = Table(
    "login_sessions",
    metadata,
    _text("token_hash", 64, primary_key=True),
    _user_id(index=True),
    _instant("created_at"),
    _instant("expires_at"),
    _instant("seen_at"),  # When its user last did something; not when the page last asked for something by itself.
    _text("how", 16),  # What opened it: `password`.
    _text("address", MAX_ADDRESS),  # Where it was opened from, as far as is known.
    _instant("revoked_at", nullable=True),
    _text("browser", MAX_BROWSER, server_default=""),  # What opened it, in our own words; "" where it is not known.
)
"""One login in one browser. Its row goes with the user's first login after it has ended by itself."""

tokens = Table(
    "tokens",
    metadata,
    Column("id", Integer, primary_key=True),
    _user_id(index=True),
    _text("token_hash", 64, unique=True),
    _text("scope", 16, server_default="read"),
    _instant("created_at"),
    _instant("revoked_at", nullable=True),
)
"""A script's way in. Lives until it is revoked."""

audit_events = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    _instant("at", index=True),
    _text("kind", 32),
    # The user's address; of a failed login what was typed, if it can be one; "" where nobody is known.
    _text("who", MAX_EMAIL),
    _text("address", MAX_ADDRESS),  # Where from; "" for the operator's own commands.
    _text("detail", 200),
    # How many such events the row stands for: in a flood all of a minute beyond the first few share one.
    Column("count", Integer, nullable=False),
)
"""Something that somebody did or tried at the door. Bounded by age and number; see app.accounts.audit."""

identities = Table(
    "identities",
    metadata,
    _text("issuer", 255, primary_key=True),
    _text("subject", 255, primary_key=True),
    _user_id(index=True),
    _instant("created_at"),
)
"""Who a user is to another system, whose word lets them in. Never an e-mail address: those change hands."""

spent_tokens = Table(
    "spent_tokens",
    metadata,
    _text("token_hash", 64, primary_key=True),
    _instant("expires_at", index=True),
)
"""Another system's token that has opened a session, which it does once. Its row goes after it has expired."""

second_factors = Table(
    "second_factors",
    metadata,
    _user_id(primary_key=True),
    _text("sealed_secret", 255),
    # The time step of the newest code that was used: neither it nor an older one is taken again.
    Column("last_step", Integer, nullable=False),
    _instant("created_at"),
)
"""The secret that a user's authenticator app shares with the panel."""

recovery_codes = Table(
    "recovery_codes",
    metadata,
    _text("code_hash", 64, primary_key=True),
    _user_id(index=True),
    _instant("used_at", nullable=True),
)
"""What stands in for a code of the app, once."""
