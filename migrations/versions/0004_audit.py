"""Adds the audit, and the columns for idle times and lists of sessions. Every user must sign in again."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

SESSION_COLUMNS = (("seen_at", sa.Double, "0"), ("how", sa.String(16), ""), ("address", sa.String(45), ""))


def upgrade() -> None:
    for name, kind, value in SESSION_COLUMNS:
        # SQLite adds no NOT NULL column without a default. Sessions seen at 0 are idle, so they end.
        op.add_column("login_sessions", sa.Column(name, kind, nullable=False, server_default=value))
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.Double, nullable=False, index=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("who", sa.String(254), nullable=False),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("detail", sa.String(200), nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("audit")
    for name, _kind, _value in SESSION_COLUMNS:
        op.drop_column("login_sessions", name)
