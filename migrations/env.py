"""Runs the migrations on the connection, and in the transaction, that app.schema.migrate opened."""

from alembic import context

from app.tables import Base
from collector.store.history import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=[Base.metadata, metadata])
context.run_migrations()
