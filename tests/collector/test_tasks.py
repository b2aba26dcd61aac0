"""The ticks go on at their pace, whatever the database does in which the history is kept."""

import statistics
import time

import pytest

from app.schema import migrate
from collector import tasks
from collector.store import keys
from collector.store.columns import read_row
from collector.store.database import make_engine
from collector.store.history import History
from collector.store.live import LiveStore, redis_client
from tests.builders import make_sample
from tests.services import PostgresServer, wait_until

pytestmark = pytest.mark.live

TICKS = 12
TICK_S = 0.1
ON_TIME_S = 0.25
"""Of an ordinary tick beside a database that hangs."""

LATE_S = 1.0
"""Of one tick, on a machine that does other things besides; the shortest wait for a database is twice as long."""


class Database:
    """The panel's own, which the test stops and lets go on: PostgreSQL by SIGSTOP, SQLite by another's lock."""

    def __init__(self, url, server=None):
        self.url, self._server = url, server
        engine = make_engine(url)
        migrate(engine)
        engine.dispose()

    def stop(self):
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
    """The stream, into which this process' collector writes; it watches no service but a database that answers."""
    monkeypatch.setenv("MONITORED_DATABASE_URL", f"sqlite:///{tmp_path}/watched.sqlite3")
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("DATABASE_URL", database.url)
    monkeypatch.setenv("MONITOR_HOST", "web-1")
    monkeypatch.setenv("SAMPLE_INTERVAL_S", str(TICK_S))
    cached = (tasks._settings, tasks._watchdog, tasks._store, tasks._monitor, tasks._roll_up_lane)
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


def test_a_tick_is_not_late_while_the_historys_database_hangs_and_its_minutes_are_kept_afterwards(live, database):
    two_minutes_ago_ms = int((time.time() - 120) * 1000)
    sample = make_sample(host="web-1", at=two_minutes_ago_ms / 1000).to_json()
    live._redis.xadd(keys.SAMPLES, {"host": "web-1", "sample": sample}, id=f"{two_minutes_ago_ms}-0")
    tasks.sample()  # The first one opens everything.
    database.stop()
    took_s = []
    try:
        for _ in range(TICKS):
            started_s = time.monotonic()
            tasks.roll_up()
            tasks.sample()
            took_s.append(time.monotonic() - started_s)
            time.sleep(max(0, TICK_S - took_s[-1]))
    finally:
        database.go_on()

    assert max(took_s) < LATE_S, took_s
    assert statistics.median(took_s) < ON_TIME_S, took_s
    assert len([entry for entry in live.since(0) if read_row(entry)]) > TICKS

    def is_kept():
        tasks.roll_up()
        return kept_minutes(database) >= 1

    wait_until(is_kept, 15)
