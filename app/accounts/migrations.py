"""Migrates the schema of the panel's own database, by the files in migrations/versions."""

from pathlib import Path

from sqlalchemy import Engine

from store.database import make_engine, writing

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"

MIGRATION_S = 60.0
"""Longest wait for a migration, also for another process's (s)."""

MIGRATION_LOCK = 0x7A764D31
"""Key of the PostgreSQL advisory lock that lets one process migrate at a time. The number is arbitrary."""


def migrate(engine: Engine) -> None:
    """Bring the schema up to date in one transaction. When processes start together, one migrates and the others wait.

    Raises: StoreUnavailable; alembic.util.CommandError when the database is newer than this code.
    """
    # Imported here: Alembic takes 10 MB, and the process that migrates ends soon.
    import alembic.command  # noqa: PLC0415
    import alembic.config  # noqa: PLC0415

    config = alembic.config.Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))  # ConfigParser interpolates "%".
    config.set_main_option("path_separator", "os")
    patient = make_engine(engine.url.render_as_string(hide_password=False), timeout_s=MIGRATION_S)
    try:
        with writing(patient) as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
            config.attributes["connection"] = connection
            alembic.command.upgrade(config, "head")
    finally:
        patient.dispose()
