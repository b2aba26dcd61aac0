"""Runs the migrations on the connection, and in the transaction, that app.accounts.migrations.migrate opened."""

from alembic import context

from app.accounts import tables
from store.history import history

context.configure(
    connection=context.config.attributes["connection"], target_metadata=[tables.metadata, history.metadata]
)
context.run_migrations()
