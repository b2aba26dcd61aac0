"""Fixtures of the app's tests: the panel's own database, on both servers that it may live on."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import Engine

from app import create_app
from app.accounts import passwords
from app.accounts.accounts import Accounts
from app.accounts.migrations import migrate
from app.accounts.principals import Role
from settings import load_settings
from store.database import make_engine
from tests.app.visitor import KEY, Clock, Make
from tests.logins import ADMIN
from tests.services import free_port

HASHING = "test_passwords"


@pytest.fixture(autouse=True, scope="module")
def _quick_hashes(request: pytest.FixtureRequest) -> Iterator[None]:
    """Hash quickly, except in the tests of hashing: hashes took a third of the time."""
    with pytest.MonkeyPatch.context() as patch:
        if request.path.stem != HASHING:
            quick = partial(PasswordHasher, time_cost=1, memory_cost=8, parallelism=1)
            patch.setattr(passwords, "PasswordHasher", lambda **_: quick())
        yield


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


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make(accounts: Accounts, engine: Engine, clock: Clock) -> Iterator[Make]:
    """Makes the whole app on the database of `accounts`, without a Redis."""
    made: list[Flask] = []

    def make_app(**environ: str) -> Flask:
        url = engine.url.render_as_string(hide_password=False)
        redis_url = f"redis://127.0.0.1:{free_port()}/0"
        app = create_app(load_settings({"SECRET_KEY": KEY, "DATABASE_URL": url, "REDIS_URL": redis_url, **environ}))
        app.extensions["second_factors"]._clock = clock
        made.append(app)
        return app

    yield make_app
    for app in made:
        app.extensions["accounts"]._engine.dispose()
