"""Runs the migrations on the connection, and in the transaction, that app.database.migrate opened."""

from alembic import context

from app.tables import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
context.run_migrations()
