"""Samples are written once and in order, whatever Redis' clock does and whoever else writes them. In a real Redis."""

import itertools
import json
import time

import pytest
import redis

from store import keys
from store.samples import append
from store.samples.append import LEAST_ENTRIES, Appender, make_instance
from store.samples.live import LiveStore
from tests.builders import make_sample
from tests.clocks import Clocks
from tests.services import RedisServer, wait_until

pytestmark = pytest.mark.live

REDIS = "redis"
DAY_S = 86_400
CLOSE_S = 60.0
"""A tenth of the smallest jump: nearer than that, a time is the right one, however busy the machine is."""


class Machine:
    """One host's clocks, beside Redis' own; its wall clock is set by `ahead_s`."""

    def __init__(self, client, name="web-1", instance=""):
        self.ahead_s = 0.0
        self.name = name
        self.appender = Appender(client, instance=instance, grace_s=3.0, wall=lambda: time.time() + self.ahead_s)
        self._slots = itertools.count(1)

    def write(self, count=1, **options):
        return [self._write(**options) for _ in range(count)]

    def _write(self, interval_s=keys.INTERVAL_S, **values):
        at = round(time.time() + self.ahead_s, 3)
        sample = make_sample(**{"host": self.name, "at": at, "slot": next(self._slots), **values})
        return self.appender.append(sample, interval_s)


@pytest.fixture(scope="module")
def clocks():
    with Clocks() as clocks:
        yield clocks


@pytest.fixture(scope="module")
def server(clocks):
    with RedisServer(clocks.wrap(REDIS)) as server:
        yield server


@pytest.fixture
def client(server, clocks):
    with redis.Redis.from_url(server.url, socket_timeout=5, protocol=2) as client:
        yield client
        clocks.set(REDIS, 0)
        client.flushdb()


@pytest.fixture
def store(client):
    return LiveStore(client)


def fill_the_hour(client, *, until_s=100):
    """300 samples of the last hour, older than any that a test writes."""
    now_ms = int(time.time() * 1000)
    step_ms = (keys.RETENTION_S - 300 - until_s) * 1000 // 300
    pipeline = client.pipeline()
    for number in range(300):
        at_ms = now_ms - until_s * 1000 - (299 - number) * step_ms
        sample = make_sample(slot=number, at=at_ms / 1000).to_json()
        pipeline.xadd(keys.SAMPLES, {"host": "web-1", "sample": sample}, id=f"{at_ms}-0")
    pipeline.execute()


def entries(store):
    return [(keys.id_key(entry.id), json.loads(entry.sample)) for entry in store.since(0)]


def age_s(entry_id):
    return time.time() - keys.id_seconds(entry_id)


@pytest.mark.parametrize("jump_s", [600, -600, DAY_S, -DAY_S])
def test_a_jump_of_redis_clock_moves_no_entry_and_costs_none(store, client, clocks, jump_s):
    fill_the_hour(client)
    machine = Machine(client)
    ids = machine.write(3)
    clocks.set(REDIS, jump_s)

    ids += machine.write(3)

    said = machine.appender.standing
    [trouble] = said.troubles
    assert (trouble.code, trouble.facts["seconds"]) == ("clock_differs", pytest.approx(jump_s, abs=CLOSE_S))
    assert abs(store.now_s() - time.time()) < CLOSE_S
    clocks.set(REDIS, 0)
    ids += machine.write(3)
    assert machine.appender.standing.troubles == ()
    assert client.hget(keys.CLOCK, keys.OFFSET) in (None, b"0")
    assert [keys.id_key(entry_id) for entry_id in ids] == sorted({keys.id_key(entry_id) for entry_id in ids})
    assert all(abs(age_s(entry_id)) < CLOSE_S for entry_id in ids)
    assert len(entries(store)) == 309


def test_a_jump_that_several_collectors_see_is_taken_out_once(store, client, clocks):
    machines = [Machine(client, name) for name in ("web-1", "web-2", "web-3")]
    for machine in machines:
        machine.write()
    for jump_s in (600, 0, -600, DAY_S, 0):
        clocks.set(REDIS, jump_s)
        for machine in machines * 2:
            [entry_id] = machine.write()
            assert abs(age_s(entry_id)) < CLOSE_S, (jump_s, machine.name)

    assert len(entries(store)) == 33


def test_a_clock_that_was_wrong_from_the_start_leaves_no_entry_in_the_future(store, client, clocks, monkeypatch):
    monkeypatch.setattr(append, "AHEAD_HOLD_S", 0.001)
    clocks.set(REDIS, 600)
    machine = Machine(client)
    machine.write(5)
    clocks.set(REDIS, 0)

    machine.write(1)
    wait_until(lambda: machine.write(1) and machine.appender.standing.moved_back_s, 5)

    assert machine.appender.standing.moved_back_s == pytest.approx(600, abs=CLOSE_S)
    found = entries(store)
    assert all(abs(ms / 1000 - time.time()) < 2 * CLOSE_S for (ms, _), _ in found)
    assert [wire["slot"] for _, wire in found] == list(range(1, len(found) + 1))
    assert all(abs(wire["at"] - time.time()) < 2 * CLOSE_S for _, wire in found)
    assert store.oldest_at("web-1") <= store.now_s() + 1
    assert store.hosts()[0].age_s < CLOSE_S
    assert keys.id_key(machine.write()[0]) > found[-1][0]


@pytest.mark.parametrize("jump_s", [600, DAY_S])
def test_where_the_whole_machine_was_wrong_what_it_wrote_is_moved_back_and_the_hour_is_kept(
    store, client, clocks, monkeypatch, jump_s
):
    monkeypatch.setattr(append, "AHEAD_HOLD_S", 0.001)
    fill_the_hour(client)
    machine = Machine(client)
    machine.write(3)
    before = entries(store)
    clocks.set(REDIS, jump_s)
    machine.ahead_s = jump_s
    machine.write(3)
    assert len(entries(store)) == 306
    clocks.set(REDIS, 0)
    machine.ahead_s = 0

    machine.write(1)
    wait_until(lambda: machine.write(1) and machine.appender.standing.moved_back_s, 5)

    found = entries(store)
    assert found[:303] == before
    assert [wire["slot"] for _, wire in found[300:]] == list(range(1, len(found) - 299))
    for (ms, _), wire in found[300:]:
        assert abs(ms / 1000 - time.time()) < 2 * CLOSE_S
        assert abs(wire["at"] - time.time()) < 2 * CLOSE_S
    assert len({key for key, _ in found}) == len(found)


def test_a_machine_that_was_set_back_for_a_moment_leaves_what_it_has_written(store, client, clocks):
    machine = Machine(client)
    ids = machine.write(3)
    for offset_s in (-600, 0):
        clocks.set(REDIS, offset_s)
        machine.ahead_s = offset_s
        ids += machine.write(3)

    assert [key for key, _ in entries(store)] == [keys.id_key(entry_id) for entry_id in ids]


def test_a_collector_that_shares_redis_wrong_clock_and_one_that_does_not_agree_on_the_time(store, client, clocks):
    there, elsewhere = Machine(client, "web-1"), Machine(client, "web-2")
    for machine in (there, elsewhere):
        machine.write()
    for ahead_s in (DAY_S, 0):
        clocks.set(REDIS, ahead_s)
        there.ahead_s = ahead_s
        there.write()
        elsewhere.write()  # From here on the time is right.
        for machine in (there, elsewhere) * 3:
            machine.write()
            assert abs(store.now_s() - time.time()) < CLOSE_S, (machine.name, ahead_s)
            assert machine.appender.standing.moved_back_s is None


def test_slots_that_a_wrong_clock_has_claimed_can_be_written_when_their_time_comes(store, client, clocks):
    machine = Machine(client)
    machine.write()
    clocks.set(REDIS, 600)
    machine.ahead_s = 600
    machine.write(slot=700)
    clocks.set(REDIS, 0)
    machine.ahead_s = 0
    machine.write()

    assert machine.write(slot=700) != [None]


def test_an_id_that_nothing_can_follow_is_taken_back(store, client):
    machine = Machine(client)
    machine.write(2)
    client.xadd(keys.SAMPLES, {"host": "x", "sample": "poison"}, id="18446744073709551615-18446744073709551615")

    ids = machine.write(2)

    assert all(abs(age_s(entry_id)) < CLOSE_S for entry_id in ids)
    assert len(list(store.since(0))) == 5


def test_the_stream_is_bounded_by_length_whatever_the_clocks_say(client):
    pipeline = client.pipeline()
    now_ms = int(time.time() * 1000)
    for number in range(LEAST_ENTRIES + 5000):
        pipeline.xadd(keys.SAMPLES, {"host": "x", "sample": "{}"}, id=f"{now_ms}-{number}")
    pipeline.execute()

    Machine(client).write()

    assert LEAST_ENTRIES <= client.xlen(keys.SAMPLES) <= LEAST_ENTRIES + 101


def test_a_restarted_collector_writes_at_once(store, client):
    first = Machine(client, instance=make_instance())
    first.write(2)
    second = Machine(client, instance=make_instance())

    assert second.write(slot=100) != [None]
    assert not second.appender.standing.is_shared


def test_of_two_collectors_the_later_one_writes_and_both_are_told(store, client):
    first, second = (Machine(client, instance=make_instance()) for _ in range(2))
    first.write(slot=1)
    second.write(slot=2)

    assert first.write(slot=3) == [None]
    assert first.appender.standing.is_held
    second.write(slot=4)
    assert not second.appender.standing.is_shared  # The last tick in hand of one that has ended looks like that.
    first.write(slot=5)
    second.write(slot=6)
    assert [trouble.code for trouble in second.appender.standing.troubles] == ["two_collectors"]
    assert [wire["slot"] for _, wire in entries(store)] == [1, 2, 4, 6]


def test_a_later_collector_need_not_get_a_tick_to_be_known(store, client):
    older, later = make_instance(), make_instance()
    first, second = (Machine(client, instance=instance) for instance in (older, later))
    first.write(slot=1)
    LiveStore(client, instance=later).announce("web-1")

    assert first.write(slot=2) != [None]  # A tick in hand is not lost.
    assert first.appender.standing.is_held
    store.stand_by("web-1")
    second.write(slot=3)
    for slot in (4, 5):
        store.stand_by("web-1")
        second.write(slot=slot)
    assert second.appender.standing.is_shared
    assert [wire["slot"] for _, wire in entries(store)] == [1, 2, 3, 4, 5]


def test_a_later_collector_that_never_writes_costs_the_first_one_turn(store, client):
    older, later = make_instance(), make_instance()
    first = Machine(client, instance=older)
    first.write(slot=1)
    LiveStore(client, instance=later).announce("web-1")
    first.write(slot=2)
    assert first.appender.standing.is_held

    assert first.write(slot=3) != [None]
    assert not first.appender.standing.is_held


def test_a_collector_that_starts_alone_is_followed_by_nobody(store, client):
    instance = make_instance()
    LiveStore(client, instance=instance).announce("web-1")
    machine = Machine(client, instance=instance)

    machine.write(slot=1)
    assert not machine.appender.standing.is_held


def test_a_collector_that_stands_by_writes_once_the_other_has_been_silent_for_three_intervals(store, client):
    first, second = (Machine(client, instance=make_instance()) for _ in range(2))
    first.write(slot=1, interval_s=0.3)
    second.write(slot=2, interval_s=0.3)
    assert first.write(slot=3, interval_s=0.3) == [None]

    wait_until(lambda: store.stand_by("web-1") > append.SILENT_INTERVALS * 0.3, 5)

    assert first.write(slot=4, interval_s=0.3) != [None]
    assert not first.appender.standing.is_held


def test_a_redelivered_tick_is_no_second_collector(store, client):
    machine = Machine(client, instance=make_instance())
    for slot in (1, 1, 2, 2, 2, 1):
        machine.write(slot=slot)
        assert machine.appender.standing.troubles == ()

    assert [wire["slot"] for _, wire in entries(store)] == [1, 2]


def test_the_workers_tables_are_written_with_the_sample_and_expire(client):
    machine = Machine(client)
    store = LiveStore(client)

    def write(tables, **options):
        sample = make_sample(host=machine.name, at=time.time(), slot=next(machine._slots))
        return machine.appender.append(sample, options.pop("interval_s", keys.INTERVAL_S), tables)

    assert write(b'{"a":1}')
    assert write(b"")
    tables = store.tables_of(machine.name)
    assert tables.body == b'{"a":1}'
    assert 0 <= tables.age_s < CLOSE_S
    assert 0 < client.pttl(keys.workload(machine.name)) <= 1000 * keys.WORKLOAD_TTL_S
    assert write(b"{}", interval_s=60.0)
    assert client.pttl(keys.workload(machine.name)) > 1000 * keys.WORKLOAD_TTL_S
    assert store.forget_host(machine.name)
    assert store.tables_of(machine.name).age_s is None


def test_a_collector_that_does_not_hold_the_name_writes_no_tables(client):
    newer, older = Machine(client, "one", instance="2"), Machine(client, "one", instance="1")

    for machine, tables in ((newer, b"{}"), (older, b'{"not":"ours"}')):
        sample = make_sample(host="one", at=time.time(), slot=next(machine._slots))
        machine.appender.append(sample, keys.INTERVAL_S, tables)

    assert LiveStore(client).tables_of("one").body == b"{}"
