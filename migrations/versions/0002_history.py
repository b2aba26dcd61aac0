"""Adds the hosts' history: steps of a minute, ten minutes and an hour."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "history",
        sa.Column("host", sa.String(63), primary_key=True),
        sa.Column("step_s", sa.Integer, primary_key=True),
        sa.Column("at", sa.BigInteger, primary_key=True),
        sa.Column("samples", sa.Integer, nullable=False),
        sa.Column("numbers", sa.LargeBinary, nullable=False),
        sa.Column("marks", sa.Text),
    )
    op.create_index("history_at", "history", ["at"])
    has_marks = sa.text("marks IS NOT NULL")
    op.create_index("history_marks", "history", ["host", "at"], sqlite_where=has_marks, postgresql_where=has_marks)


def downgrade() -> None:
    op.drop_table("history")
