"""Runs the migrations on the connection, and in the transaction, that app.schema.migrate opened."""

from alembic import context

from app import tables
from collector.store import history

context.configure(
    connection=context.config.attributes["connection"], target_metadata=[tables.metadata, history.metadata]
)
context.run_migrations()
