"""Missed, doubled or interrupted runs leave the history that one clean run would have made."""

import itertools
import logging
import math
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.accounts.migrations import migrate
from collector.sampling.rollup import REACH_S, RollUp
from store import keys
from store.database import make_engine, reading
from store.errors import StoreUnavailable
from store.history.history import History, history
from store.history.steps import MINUTE_S
from store.samples.live import LiveStore
from tests.builders import make_queue, make_sample
from tests.services import free_port

pytestmark = pytest.mark.live

NOW_S = 1_763_877_600  # A whole hour.
HOST = "web-1"


class Live(LiveStore):
    """The real stream with a clock that the test sets; it can fail after a number of pages."""

    now = float(NOW_S)
    pages_left = math.inf

    def now_s(self):
        return self.now

    def _page(self, start, end="+"):
        self.pages_left -= 1
        if self.pages_left < 0:
            raise StoreUnavailable("gone")
        return super()._page(start, end)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request, tmp_path):
    url = (
        f"sqlite:///{tmp_path}/monitor.sqlite3"
        if request.param == "sqlite"
        else request.getfixturevalue("postgres_url")
    )
    engine = make_engine(url)
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def live(client):
    return Live(client)


def fill(live, start_s, end_s, *, hosts=(HOST,)):
    """Write samples of each host into the stream, one every 3 s between the two instants, with different figures."""
    figures = random.Random(1)
    pipeline = live._redis.pipeline()
    for at_s, (number, host) in itertools.product(range(start_s, end_s, 3), enumerate(hosts)):
        queue = make_queue(ready=figures.randrange(5000), peak=None)
        marks = ({"kind": "burst", "peak": at_s % 1000},) if at_s % 300 == 0 else ()
        sample = make_sample(host=host, at=float(at_s), took_ms=1, queues=(queue,), marks=marks)
        pipeline.xadd(keys.SAMPLES, {"host": host, "sample": sample.to_json()}, id=f"{at_s * 1000 + 7}-{number}")
    pipeline.execute()


def rows_of(engine):
    with reading(engine) as connection:
        return [tuple(row) for row in connection.execute(sa.select(history).order_by(*history.primary_key))]


def told_levels(caplog):
    return [record.levelname for record in caplog.records if record.name == "collector.sampling.rollup"]


def empty(engine):
    with engine.begin() as connection:
        connection.execute(sa.delete(history))


def roll_up(live, engine, **options):
    return RollUp(live, History(engine), **{"host": HOST, "days": 30, "wall": lambda: live.now, **options})


def clean_run(live, engine):
    roll_up(live, engine).run()
    return rows_of(engine)


def test_minutes_summarise_their_samples_and_longer_steps_their_minutes(live, engine):
    start_s = NOW_S - 1800
    fill(live, start_s, NOW_S + 30, hosts=(HOST, "web-2"))
    live.now = NOW_S + 31

    roll_up(live, engine).run()

    kept = History(engine)
    window = {"since_s": 0, "until_s": NOW_S * 2, "limit": 100}
    minutes, tens, hours = (kept.read(HOST, step_s, **window) for step_s in (60, 600, 3600))
    assert [minute.at for minute in minutes] == list(range(start_s, NOW_S, 60))
    assert [step.at for step in tens] == list(range(start_s, NOW_S, 600))
    assert [(step.at, step.samples) for step in hours] == [(NOW_S - 3600, 600)]
    for longer, shorter in ((tens, minutes), (hours, tens)):
        for name in ("queue_size", "cpu", "worker_ms"):
            counts, lows, sums, highs = zip(*(step.spread(name) for step in shorter), strict=True)
            assert sum(step.spread(name)[0] for step in longer) == sum(counts)
            assert min(step.spread(name)[1] for step in longer) == min(lows)
            assert math.isclose(sum(step.spread(name)[2] for step in longer), sum(sums))
            assert max(step.spread(name)[3] for step in longer) == max(highs)
    assert minutes[0].spread("queue_peak") is None  # Never known, so not kept, and above all not as 0.
    assert [mark["at"] for mark in kept.marks(HOST, since_s=0, until_s=NOW_S)] == list(range(start_s, NOW_S, 300))
    assert kept.oldest_at("web-2") is None


def test_a_minute_is_not_kept_before_it_has_closed(live, engine):
    fill(live, NOW_S, NOW_S + 59)
    live.now = NOW_S + 59.9
    roll_up(live, engine).run()
    assert rows_of(engine) == []

    live.now = NOW_S + 60
    roll_up(live, engine).run()
    assert [row.samples for row in History(engine).read(HOST, 60, since_s=0, until_s=NOW_S * 2, limit=9)] == [20]


def test_after_an_outage_the_minutes_that_the_stream_holds_whole_are_caught_up(live, engine):
    fill(live, NOW_S - 3600, NOW_S)
    live.now = NOW_S + 5

    roll_up(live, engine).run()

    minutes = History(engine).read(HOST, 60, since_s=0, until_s=NOW_S, limit=100)
    assert minutes[0].at == NOW_S - REACH_S + 60
    assert {minute.samples for minute in minutes} == {20}


def test_a_row_is_never_replaced_by_one_of_fewer_samples(live, engine):
    fill(live, NOW_S - 600, NOW_S)
    before = clean_run(live, engine)
    live._redis.xtrim(keys.SAMPLES, maxlen=10)  # As after a restart of a Redis that keeps nothing.

    roll_up(live, engine).run()

    assert rows_of(engine) == before


@pytest.fixture
def clean(live, engine):
    """Twenty minutes in the stream, and the history that one clean run makes of them."""
    fill(live, NOW_S - 1200, NOW_S)
    return clean_run(live, engine)


@given(data=st.data())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_of_crashes_doubles_and_pauses_ends_as_one_clean_run(live, engine, clean, data):
    empty(engine)
    rollers = [roll_up(live, engine), roll_up(live, engine)]  # Two collectors by one name.

    moments = sorted(data.draw(st.lists(st.integers(NOW_S - 1200, NOW_S), max_size=4), label="runs at"))
    for moment in moments:
        live.now, live.pages_left = float(moment), data.draw(st.sampled_from([0, 1, 2, math.inf]), label="pages")
        data.draw(st.sampled_from(rollers), label="by").run()
    live.now, live.pages_left = float(NOW_S), math.inf
    for roller in rollers:
        roller.run()

    assert rows_of(engine) == clean


class Failing(History):
    """Fails at random before a transaction or just after it."""

    chance = random.Random(7)

    def write(self, host, step_s, steps):
        if self.chance.random() < 0.2:
            raise StoreUnavailable("broken off before")
        super().write(host, step_s, steps)
        if self.chance.random() < 0.2:
            raise StoreUnavailable("broken off after")


def test_two_that_run_at_the_same_time_and_break_off_between_transactions_end_as_one_clean_run(live, engine, clean):
    empty(engine)
    together, engines = threading.Barrier(2), [make_engine(engine.url, timeout_s=2) for _ in range(2)]
    seen = []

    def collect(kept):
        roller = RollUp(live, Failing(kept), host=HOST, days=30, wall=lambda: live.now)
        for _ in range(4):
            together.wait(60)
            roller.run()
            seen.append(rows_of(kept))

    with ThreadPoolExecutor(2) as collectors:
        for running in [collectors.submit(collect, kept) for kept in engines]:
            running.result(30)
    for kept in engines:
        kept.dispose()
    for rows in seen:  # At no time was there a row that is not the clean run's, but for a long step of too few minutes.
        assert [row for row in rows if row[1] == MINUTE_S and row not in clean] == []
    roll_up(live, engine).run()

    assert rows_of(engine) == clean


def test_steps_older_than_the_retention_are_deleted_for_every_host(live, engine):
    fill(live, NOW_S - 600, NOW_S)
    clean_run(live, engine)
    kept = History(engine)
    kept.write("gone", 60, kept.read(HOST, 60, since_s=0, until_s=NOW_S, limit=100))
    live.now = NOW_S + 2 * 86_400

    roll_up(live, engine, days=1, wall=lambda: NOW_S).run()
    assert len(rows_of(engine)) > 0  # Redis' clock alone does not decide.
    roll_up(live, engine, days=1).run()

    assert rows_of(engine) == []


def test_a_missing_database_is_logged_once_and_never_created(live, tmp_path, caplog):
    path = tmp_path / "monitor.sqlite3"
    roller = roll_up(live, make_engine(f"sqlite:///{path}", may_create=False))

    with caplog.at_level(logging.INFO):
        for _ in range(3):
            roller.run()
        migrate(make_engine(f"sqlite:///{path}"))
        roller.run()

    assert told_levels(caplog) == ["WARNING", "INFO"]
    assert "DATABASE_URL" in caplog.text


def test_a_database_without_the_table_or_without_access_is_logged_once(live, postgres_url, caplog):
    refusing = f"postgresql+psycopg://monitor:topsecret@127.0.0.1:{free_port()}/monitor"
    for url in (postgres_url, refusing):
        caplog.clear()
        engine = make_engine(url)
        roller = roll_up(live, engine)
        roller.run()
        roller.run()
        engine.dispose()
        assert told_levels(caplog) == ["WARNING"]
    assert "topsecret" not in caplog.text
