"""Runs the migrations in the transaction that app.accounts.migrations.migrate has opened."""

from alembic import context

from app.accounts import tables
from store.history import history

context.configure(
    connection=context.config.attributes["connection"], target_metadata=[tables.metadata, history.metadata]
)
context.run_migrations()
