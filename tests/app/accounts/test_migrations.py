from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect

from app.accounts import tables
from app.accounts.migrations import migrate
from store.database import make_engine
from store.history import history
from tests.programs.service import Program

TABLES = [tables.metadata, history.metadata]


def test_the_migrated_schema_is_the_one_the_models_declare(engine: Engine) -> None:
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), TABLES)

    assert differences == []


def test_migrating_again_changes_nothing(engine: Engine) -> None:
    migrate(engine)

    assert set(inspect(engine).get_table_names()) == {
        "alembic_version",
        *(name for each in TABLES for name in each.tables),
    }


def test_processes_that_start_at_once_migrate_once_and_none_fails(database_url: str) -> None:
    starters = [Program("tests.programs.migrating", database_url, PYTHONWARNINGS="error") for _ in range(4)]

    assert [starter.end()[1] for starter in starters] == [""] * 4


def test_a_directory_with_a_percent_sign_in_its_name_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "100%").mkdir()
    engine = make_engine(f"sqlite:///{tmp_path}/100%/monitor.sqlite3")

    migrate(engine)

    assert inspect(engine).has_table("users")
    engine.dispose()
