"""Checks whether the panel's own SQLite file is ready, so that a second start need not load what prepares it.

SQLAlchemy and Alembic take longer to load than everything else before the programs. Standard library only.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations" / "versions"


def is_ready(path: Path) -> bool:
    """Whether the file has the newest schema and a super_admin. Never creates the file; False if it cannot tell."""
    newest = max(each.name.partition("_")[0] for each in MIGRATIONS.glob("[0-9]*.py"))
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            schema = connection.execute("SELECT version_num FROM alembic_version").fetchall()
            admins = connection.execute("SELECT 1 FROM users WHERE role = 'super_admin' LIMIT 1").fetchall()
    except sqlite3.Error:
        return False
    return schema == [(newest,)] and bool(admins)
