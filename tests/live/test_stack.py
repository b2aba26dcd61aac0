"""The whole path, end to end: beat, collector, Redis, web, as `make run` starts them."""

import math
import time

import pytest

from store import keys
from store.database import make_engine
from store.errors import StoreUnavailable
from store.history.history import History
from store.samples.live import LiveStore, redis_client
from store.samples.wire import parse_wire
from tests.process import PATIENCE_S, wait_until
from tests.promises import Promise
from tests.stack import Stack

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def stack():
    with Stack() as stack:
        yield stack


@pytest.fixture(scope="module")
def store(stack):
    with redis_client(stack.redis_url) as client:
        yield LiveStore(client)


def slots(store):
    return [parse_wire(entry.sample)["slot"] for entry in store.since(0)]


def next_whole_sample(stream):
    """The next sample in which nothing is unknown, as queue and services may be just after the start."""
    while True:
        sample = stream.next("system_stats").json
        if None not in (sample["cpu"], sample["queue_size"]) and "unknown" not in sample["services"].values():
            return sample


def test_samples_stream_every_three_seconds_with_the_fields_of_the_plan(stack):
    with stack.stream() as stream:
        events = [stream.next("system_stats") for _ in range(3)]
        whole = next_whole_sample(stream)

    samples = [event.json for event in events]
    first = samples[0]["slot"]
    assert [sample["slot"] for sample in samples] == [first, first + 1, first + 2], "one of each three seconds"
    assert [sample["at"] // 3 for sample in samples] == [sample["slot"] for sample in samples]
    assert [event.id for event in events] == sorted({event.id for event in events})
    assert all(0 < sample["took_ms"] <= Promise.TICK.within_s * 1000 for sample in samples)
    assert 0 <= whole["cpu"] <= 100
    assert 0 < whole["ram"] < math.inf
    assert 0 < whole["ram_percent"] <= 100
    assert isinstance(whole["queue_size"], int)
    assert {whole["services"][name] for name in ("database", "rabbitmq")} <= {"online", "degraded"}


def test_every_service_is_online_and_machines_are_told_so(stack):
    services = dict.fromkeys(("database", "worker", "rabbitmq"), "online")
    # "warn": a machine that runs tests has a full CPU for minutes.
    well = [{"status": word, "sample": "fresh", "services": services} for word in ("pass", "warn")]

    wait_until(lambda: stack.get("/healthz", role=None).json in well)

    assert stack.get("/healthz", role=None).status == 200


def test_a_burst_shows_as_a_peak_and_in_what_the_workers_do(stack):
    with stack.stream() as stream:
        stream.next("system_stats")
        stack.burst(150)

        told = set()

        def all_is_told():
            sample = stream.next("system_stats").json
            crew = sample["crew"] or {}
            seen = {
                "peak": (sample["queue_peak"] or 0) >= 100,
                "slots": crew.get("slots") == 4 and crew.get("busy") is not None,
                "started": (crew.get("started_per_s") or 0) > 0,
            }
            told.update(name for name, is_seen in seen.items() if is_seen)
            return told == seen.keys()

        wait_until(all_is_told, what="the burst is told")


def test_messages_that_fail_are_on_the_panel_without_number_and_token(stack):
    with stack.stream() as stream:
        stream.next("hosts")
        stack.burst(3, failing=3)
        group = stream.next("critical_log").json
        while group["count"] < 3:
            group = stream.next("critical_log").json

    assert (group["service"], group["task"], group["level"]) == ("demo", "demo.dispatch_voice", "error")
    assert group["message"].startswith("GatewayTimeout: POST https://gateway.example/v1/voice timed out after 30 s")
    assert group["message"].endswith("to [redacted:phone], token=[redacted:secret]")
    assert "deliver" in group["traceback"]


def test_beat_collector_and_web_have_nothing_grave_to_say_of_themselves(stack):
    assert {group["service"] for group in stack.get("/api/logs").json["logs"]} <= {"demo"}


@pytest.mark.parametrize("name", ["redis", "collector", "web"])
def test_what_is_killed_comes_back_and_nothing_is_doubled(stack, store, name):
    wait_until(stack.is_fresh)
    before = store.last_id()
    victim = stack.process(name)
    victim.kill()
    victim.wait(PATIENCE_S)

    wait_until(lambda: _has_newer(store, before) and stack.is_fresh(), what=f"samples go on after a kill of {name}")

    assert stack.process(name).pid != victim.pid
    assert len(slots(store)) == len(set(slots(store)))
    with stack.stream() as stream:
        stream.next("system_stats")


def _has_newer(store, entry_id):
    try:
        return keys.id_key(store.last_id()) > keys.id_key(entry_id)
    except StoreUnavailable:
        return False


def test_a_poisoned_stream_stops_neither_page_nor_samples(stack, store):
    with redis_client(stack.redis_url) as client, stack.stream() as stream:
        client.xadd("monitor:samples", {"host": b"\xff", "sample": b"\x00garbage"})

        assert stream.next("system_stats").json["v"] == 1
    assert stack.get("/monitor").status == 200
    assert stack.get("/api/history").status == 200


def test_the_demos_worker_is_in_the_tables_and_in_the_samples(stack):
    def workers():
        tables = stack.get("/api/workload").json["workload"]
        return [worker for worker in (tables or {"workers": []})["workers"] if worker["slots"]]

    wait_until(workers, what="the worker's slots are known")

    [worker] = workers()
    assert (worker["slots"], worker["queues"]) == (4, ["dispatch"])
    with stack.stream() as stream:
        crew = stream.next("system_stats").json["crew"]
    assert (crew["workers"], crew["slots"]) == (1, 4)


def test_the_collector_keeps_its_minutes_and_history_reaches_the_present(stack):
    minutes = History(make_engine(f"sqlite:///{stack.data_dir / 'monitor.sqlite3'}"))
    host = stack.get("/api/hosts").json["hosts"][0]["host"]
    wait_until(lambda: minutes.oldest_at(host) is not None, 130, "a minute is kept")

    answer = stack.get(f"/api/history?since={time.time() - 86_400}").json

    assert answer["step_s"] == 60
    assert answer["oldest_at"] <= minutes.oldest_at(host) + 60
    assert answer["columns"][0][-1] >= answer["now"] - 60
    assert answer["last_id"] is not None
