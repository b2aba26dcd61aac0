"""Fixtures of the app's tests: the panel's own database, on both servers that it may live on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from app.accounts import Accounts, Role
from app.schema import migrate
from collector.store.database import make_engine
from tests.app.people import ADMIN


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.live)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/monitor.sqlite3"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on a database with today's schema."""
    engine = make_engine(database_url)
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def accounts(engine: Engine) -> Accounts:
    """Accounts with one super_admin, ADMIN."""
    accounts = Accounts(engine)
    accounts.create_user(*ADMIN, Role.SUPER_ADMIN)
    return accounts
