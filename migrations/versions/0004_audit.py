"""The audit, and what a session's idle time and its list need. Whoever was signed in signs in anew."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

SESSION_COLUMNS = (("seen_at", sa.Double, "0"), ("how", sa.String(16), ""), ("address", sa.String(45), ""))


def upgrade() -> None:
    for name, kind, value in SESSION_COLUMNS:
        # SQLite adds no NOT NULL column without a value for the rows there are; never seen: they are idle.
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
