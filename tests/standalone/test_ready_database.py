"""Decides whether a start may skip the preparation of the database."""

import sqlite3
from contextlib import closing

import pytest

from settings import load_settings
from standalone import accounts, database


@pytest.fixture
def path(tmp_path, monkeypatch):
    """The database after a first start."""
    file = tmp_path / "monitor # 1.sqlite3"
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{file}")
    accounts.prepare(load_settings())
    return file


def test_what_a_first_start_has_prepared_is_ready(path):
    assert database.is_ready(path)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE alembic_version SET version_num = '0001'",
        "UPDATE alembic_version SET version_num = '9999'",
        "DELETE FROM alembic_version",
        "UPDATE users SET role = 'viewer'",
        "DROP TABLE users",
    ],
)
def test_what_lacks_a_migration_or_a_super_admin_is_not(path, change):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(change)
        connection.commit()

    assert not database.is_ready(path)


def test_no_file_is_not_and_none_is_made(tmp_path):
    assert not database.is_ready(tmp_path / "monitor.sqlite3")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_not(tmp_path):
    path = tmp_path / "monitor.sqlite3"
    path.write_bytes(b"\x00" * 4096 + b"garbage")

    assert not database.is_ready(path)
