"""`/api/history` beyond the live hour, out of SQLite and PostgreSQL."""

import itertools
import time
from functools import cache

import pytest

from app.api.history_query import LONGEST_S, choose_step
from store.database import make_engine
from store.history.history import History
from store.history.steps import FIGURES, Step, begin, join_steps
from store.samples.columns import SERIES
from store.samples.live import LiveStore, redis_client
from tests.builders import make_sample
from tests.process import PATIENCE_S
from tests.services import PostgresServer, RedisServer, wait_until
from tests.web import WebServer

pytestmark = pytest.mark.live

DAY_S = 86_400
DAYS = 9
BURST = {"kind": "burst", "peak": 150}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def web(request):
    """A web process whose database holds nine days of web-1 up to ten minutes ago, and whose Redis two new samples."""
    postgres = PostgresServer() if request.param == "postgresql" else None
    if postgres:
        postgres.start()
    try:
        environ = {"DATABASE_URL": postgres.url} if postgres else {}
        with RedisServer() as redis_server, WebServer(redis_server.url, **environ) as server:
            fill(server.database_url)
            with redis_client(redis_server.url) as client:
                for slot in (1, 2):
                    LiveStore(client).append(make_sample(slot=slot, at=time.time(), marks=(BURST,)))
            yield server
    finally:
        if postgres:
            postgres.stop()


def fill(database_url):
    engine = make_engine(database_url)
    end_s = begin(time.time() - 600, 60)
    for step_s, steps in steps_until(end_s).items():
        for first in range(0, len(steps), 1000):
            History(engine).write("web-1", step_s, steps[first : first + 1000])
    engine.dispose()


@cache
def steps_until(end_s):
    """Nine days of steps by their length. Of the minutes only those that are asked for."""
    minutes = [make_minute(at) for at in range(begin(end_s - DAYS * DAY_S, 3600), end_s, 60)]
    tens = join_steps(minutes, 600)
    closed = {600: tens, 3600: join_steps(tens, 3600)}
    asked = [
        minute
        for minute in minutes
        if minute.at >= end_s - DAY_S - 3600 or minute.at < minutes[0].at + 3600 or is_in_past_window(minute.at, end_s)
    ]
    return {60: asked} | {
        length: [each for each in steps if each.at + length <= end_s] for length, steps in closed.items()
    }


def is_in_past_window(at, now_s):
    return abs(now_s - 5 * DAY_S - at) < 2 * 3600


def make_minute(at):
    """20 samples whose CPU is from 10 to 40 and 25 on average; nothing else is known."""
    numbers = [20.0, 10.0, 500.0, 40.0] + [0.0] * (4 * (len(FIGURES) - 1))
    return Step(at, 20, numbers, [{**BURST, "at": at + 1.5}] if at % 3600 == 0 else [])


def ask(web, since_s, until_s=None):
    until = "" if until_s is None else f"&until={until_s}"
    return web.get(f"/api/history?host=web-1&since={since_s}{until}").json


@pytest.mark.parametrize(("span_s", "step_s"), [(DAY_S, 60), (7 * DAY_S, 600), (DAYS * DAY_S, 3600)])
def test_each_range_has_its_step_and_reaches_the_present_without_a_hole(web, span_s, step_s):
    answer = ask(web, time.time() - span_s)

    instants = answer["columns"][0]
    assert answer["step_s"] == step_s
    newest_s = int(answer["last_id"].split("-")[0]) / 1000
    assert begin(newest_s - PATIENCE_S, step_s) <= instants[-1] <= begin(newest_s, step_s)  # Written a moment later.
    spacings = {later - sooner for sooner, later in itertools.pairwise(instants[:-1])}
    assert spacings == {step_s}
    assert span_s / step_s - 20 < len(instants) <= span_s / step_s + 1
    for name in ("columns", "low", "high"):
        assert [len(column) for column in answer[name]] == [len(instants)] * len(SERIES)
        assert answer[name][0] == instants
    assert [answer[name][1][1] for name in ("low", "columns", "high")] == [10, 25, 40]
    assert answer["columns"][2][1] is None


def test_a_past_window_is_answered_in_minutes(web):
    since_s = begin(time.time(), 3600) - 5 * DAY_S

    answer = ask(web, since_s, since_s + 3600)

    assert answer["step_s"] == 60
    assert answer["columns"][0] == list(range(since_s, since_s + 3600, 60))
    assert answer["marks"] == [{**BURST, "at": since_s + 1.5}]
    assert answer["last_id"] is None


def test_marks_are_told_once_whether_they_are_kept_or_still_live(web):
    answer = ask(web, time.time() - DAY_S)

    instants = [mark["at"] for mark in answer["marks"]]
    kept = [at for at in answer["columns"][0] if at % 3600 == 0 and at < answer["now"] - 300]
    assert len(instants) == len(set(instants)) == len(kept) + 2
    assert len(kept) >= 23
    assert instants == sorted(instants)


def test_the_oldest_instant_is_told_in_every_range(web):
    oldest_at = ask(web, time.time() - 60)["oldest_at"]

    assert oldest_at == ask(web, 0)["oldest_at"]
    assert abs(time.time() - DAYS * DAY_S - oldest_at) < 3600 + 660 + PATIENCE_S


def test_since_the_beginning_of_time_is_since_the_oldest_instant(web):
    answer = ask(web, 0)

    assert answer["step_s"] == 3600
    assert len(answer["columns"][0]) <= DAYS * 24 + 2
    assert answer["columns"][0][0] == answer["oldest_at"]


def test_a_window_before_all_that_is_held_or_after_the_present_is_empty(web):
    assert ask(web, 5, 60)["columns"] == [[]] * len(SERIES)
    assert ask(web, time.time() + 100)["columns"] == [[]] * len(SERIES)
    assert web.get(f"/api/history?host=nobody&since={time.time() - DAY_S}").json["columns"] == [[]] * len(SERIES)


def test_an_hour_that_redis_has_lost_is_told_in_minutes_and_a_short_window_still_in_samples(web):
    now_s = time.time()
    hour, short = ask(web, now_s - 3600), ask(web, now_s - 300)

    assert hour["step_s"] == 60
    assert hour["columns"][0][0] == begin(now_s - 3600, 60)
    assert hour["columns"][0][-1] >= begin(short["columns"][0][-1], 60)
    assert hour["low"][1][1] == 10
    assert hour["last_id"] == short["last_id"]
    assert (short["step_s"], short["low"], len(short["columns"][0])) == (3, None, 2)


def test_the_live_hour_is_shown_while_the_history_is_away(web):
    engine = make_engine(web.database_url)
    rename = "ALTER TABLE history RENAME TO {}"
    with engine.begin() as connection:
        connection.exec_driver_sql(rename.format("away"))
    try:
        for span_s in (60, 3600):
            assert len(ask(web, time.time() - span_s)["columns"][0]) == 2
        assert web.get(f"/api/history?host=web-1&since={time.time() - DAY_S}").status == 503
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE away RENAME TO history")
        engine.dispose()
    wait_until(lambda: web.get(f"/api/history?host=web-1&since={time.time() - DAY_S}").status == 200, 5)


def test_no_range_has_many_more_rows_than_a_screen_is_wide():
    assert [span_s / step_s for step_s, span_s in LONGEST_S.items()] == [1500, 1152, 1488]
    assert choose_step(366 * DAY_S) == DAY_S
