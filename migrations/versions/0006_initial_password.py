"""Adds the expiry of passwords that the operator sets, and the browser of a login."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("users", sa.Column("initial_until", sa.Double))
    op.add_column("login_sessions", sa.Column("browser", sa.String(64), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("login_sessions", "browser")
    op.drop_column("users", "initial_until")
