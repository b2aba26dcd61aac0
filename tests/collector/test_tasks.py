"""Ticks keep their pace whatever the history's database does."""

import time
from functools import partial

import pytest

from app.accounts.migrations import migrate
from collector import tasks
from store import keys
from store.database import make_engine
from store.history.history import History
from store.samples.columns import read_row
from store.samples.live import LiveStore, redis_client
from tests.builders import make_sample
from tests.services import PostgresServer, wait_until

pytestmark = pytest.mark.live

TICKS = 12
TICK_S = 0.1
FOR_EVER_S = 600.0
"""Timeout of the history's database: a tick that waited for it would outlast the test."""


class Database:
    """The panel's own database, which the test can block: PostgreSQL by SIGSTOP, SQLite by a lock."""

    def __init__(self, url, server=None):
        self.url, self._server = url, server
        engine = make_engine(url)
        migrate(engine)
        engine.dispose()

    def stop(self):
        """From now on every query waits until the database goes on."""
        if self._server:
            self._server.pause()
        else:
            self._engine = make_engine(self.url)
            self._holder = self._engine.connect()
            self._holder.exec_driver_sql("SELECT 1")  # Which begins, and takes the lock.

    def go_on(self):
        if self._server:
            self._server.resume()
        else:
            self._holder.close()
            self._engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path):
    if request.param == "sqlite":
        yield Database(f"sqlite:///{tmp_path}/monitor.sqlite3")
        return
    with PostgresServer() as server:
        try:
            yield Database(server.url, server)
        finally:
            server.resume()


@pytest.fixture
def live(redis_url, database, monkeypatch, tmp_path):
    """The stream that this process's collector writes to; it watches only a database that answers."""
    monkeypatch.setenv("WATCHED_DATABASE_URL", f"sqlite:///{tmp_path}/watched.sqlite3")
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("DATABASE_URL", database.url)
    monkeypatch.setenv("MONITOR_HOST", "web-1")
    monkeypatch.setenv("SAMPLE_INTERVAL_S", str(TICK_S))
    monkeypatch.setattr(tasks, "HISTORY_TIMEOUT_S", FOR_EVER_S)
    cached = (tasks._settings, tasks._watchdog, tasks._store, tasks._monitor, tasks._history_roll_up)
    for made in cached:
        made.cache_clear()
    with redis_client(redis_url) as client:
        yield LiveStore(client)
    for made in cached:
        made.cache_clear()


def kept_minutes(database):
    engine = make_engine(database.url)
    try:
        return len(History(engine).read("web-1", 60, since_s=0, until_s=time.time(), limit=100))
    finally:
        engine.dispose()


def test_no_tick_waits_while_the_historys_database_hangs_and_its_minutes_are_kept_afterwards(live, database):
    two_minutes_ago_ms = int((time.time() - 120) * 1000)
    sample = make_sample(host="web-1", at=two_minutes_ago_ms / 1000).to_json()
    live._redis.xadd(keys.SAMPLES, {"host": "web-1", "sample": sample}, id=f"{two_minutes_ago_ms}-0")
    tasks.sample()  # The first tick opens everything.
    database.stop()
    try:
        for _ in range(TICKS):
            taken = live.last_id()
            tasks.roll_up()
            wait_until(partial(_sample_past, live, taken), what="the next slot is written")
    finally:
        database.go_on()

    assert len([entry for entry in live.since(0) if read_row(entry)]) > TICKS

    def is_kept():
        tasks.roll_up()
        return kept_minutes(database) >= 1

    wait_until(is_kept)


def _sample_past(live, entry_id):
    """Take a sample; whether it was the first of its slot, and so was written."""
    tasks.sample()
    return keys.id_key(live.last_id()) > keys.id_key(entry_id)
