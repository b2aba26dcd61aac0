"""Adds the scope of an API token."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("tokens", sa.Column("scope", sa.String(16), nullable=False, server_default="read"))


def downgrade() -> None:
    op.drop_column("tokens", "scope")
