"""The tables of the panel's own database. Declarations only; the other modules of this folder use them.

Times (`*_at`) are epoch seconds. A change here needs a migration in migrations/versions. SQLAlchemy Core alone: its ORM
would cost the web process 6 MB to declare eight tables.
"""

from typing import Any

from sqlalchemy import Column, Double, ForeignKey, Integer, MetaData, String, Table

MAX_EMAIL = 254
"""Characters of an address (RFC 5321, 4.5.3.1.3)."""

MAX_ADDRESS = 45
"""Characters of an IPv6 address that holds an IPv4 one."""

MAX_BROWSER = 64
"""Characters of the longest name that app.auth.user_agent gives."""

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
    _text("email", MAX_EMAIL, unique=True),  # In canonical form, hence unique whatever its case.
    _text("password_hash", 255),
    _text("role", 32),
    _instant("created_at"),
    _instant("disabled_at", nullable=True),
    # When the operator's password expires, which the user must replace; NULL once the user has chosen one.
    _instant("initial_until", nullable=True),
)
"""Users. Never deleted, so that the audit stays readable."""

login_sessions = Table(
    "login_sessions",
    metadata,
    _text("token_hash", 64, primary_key=True),
    _user_id(index=True),
    _instant("created_at"),
    _instant("expires_at"),
    _instant("seen_at"),  # When its user was last active. What the page asks for by itself does not count.
    _text("how", 16),  # What opened it, as in `Origin`.
    _text("address", MAX_ADDRESS),  # The client's address, as far as it is known.
    _instant("revoked_at", nullable=True),
    _text("browser", MAX_BROWSER, server_default=""),  # In the words of app.auth.user_agent; "" when unknown.
)
"""Logins. The user's next login deletes the rows of expired ones."""

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
"""API tokens. Each is valid until it is revoked."""

audit_events = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    _instant("at", index=True),
    _text("kind", 32),
    # The user's address; for a failed login the address that was typed; "" when there is none.
    _text("who", MAX_EMAIL),
    _text("address", MAX_ADDRESS),  # The client's; "" for the operator's commands.
    _text("detail", 200),
    # How many events the row stands for: in a flood, all events of a minute beyond the first few share one row.
    Column("count", Integer, nullable=False),
)
"""Events about access. Bounded by age and number; see app.accounts.audit."""

identities = Table(
    "identities",
    metadata,
    _text("issuer", 255, primary_key=True),
    _text("subject", 255, primary_key=True),
    _user_id(index=True),
    _instant("created_at"),
)
"""The names of users in other systems that vouch for them. Never an e-mail address: those change hands."""

spent_tokens = Table(
    "spent_tokens",
    metadata,
    _text("token_hash", 64, primary_key=True),
    _instant("expires_at", index=True),
)
"""Tokens of other systems that have opened a session. A row is deleted after its token has expired."""

second_factors = Table(
    "second_factors",
    metadata,
    _user_id(primary_key=True),
    _text("sealed_secret", 255),
    # The time step of the newest code that was used: no code of it or of an older one is accepted again.
    Column("last_step", Integer, nullable=False),
    _instant("created_at"),
)
"""The secrets that authenticator apps share with the panel, encrypted."""

recovery_codes = Table(
    "recovery_codes",
    metadata,
    _text("code_hash", 64, primary_key=True),
    _user_id(index=True),
    _instant("used_at", nullable=True),
)
"""Recovery codes. Each replaces a code of the app, once."""
