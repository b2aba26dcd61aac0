"""The stream of samples, in a real Redis."""

import time

import pytest
import redis

from store import keys
from store.errors import StoreUnavailable
from store.samples.columns import SERIES, columns
from store.samples.live import LiveStore, redis_client
from store.samples.wire import parse_wire
from tests.builders import make_sample
from tests.promises import Promise
from tests.services import RedisServer, free_port, wait_until

pytestmark = pytest.mark.live


@pytest.fixture
def store(client):
    return LiveStore(client)


def test_a_sample_is_read_back_as_the_bytes_that_were_written(store):
    sample = make_sample()

    entry_id = store.append(sample)

    [entry] = store.newest(10)
    assert (entry.id, entry.host, entry.sample) == (entry_id, "web-1", sample.to_json())


def test_a_slot_is_written_once_whoever_comes_second(store):
    assert store.append(make_sample(slot=7)) is not None
    assert store.append(make_sample(slot=7, took_ms=9)) is None
    assert store.append(make_sample(slot=7, host="web-2")) is not None
    assert store.append(make_sample(slot=8)) is not None

    assert [(entry.host, parse_wire(entry.sample)["slot"]) for entry in store.newest(10)] == [
        ("web-1", 7), ("web-2", 7), ("web-1", 8),
    ]  # fmt: skip


def test_following_gives_what_comes_after_an_id_and_nothing_twice(store):
    first, second, third = (store.append(make_sample(slot=slot)) for slot in range(3))

    assert [entry.id for entry in store.follow(first, keys.NO_ID, block_ms=10).entries] == [second, third]
    assert store.follow(third, keys.NO_ID, block_ms=10).entries == []


def test_entries_older_than_the_hour_are_trimmed(store, client):
    old_ms = int((time.time() - keys.RETENTION_S - 100) * 1000)
    for number in range(300):
        client.xadd(keys.SAMPLES, {"host": "old", "sample": "{}"}, id=f"{old_ms + number}-0")

    store.append(make_sample())

    # Whole nodes of 100 entries go; of the last, begun one, what is left is at most one node.
    assert client.xlen(keys.SAMPLES) <= 101


def test_history_is_read_page_by_page_without_a_gap(store, client):
    pipeline = client.pipeline()
    for number in range(450):
        pipeline.xadd(keys.SAMPLES, {"host": "web-1", "sample": make_sample(slot=number).to_json()})
    pipeline.execute()

    slots = [parse_wire(entry.sample)["slot"] for entry in store.since(0)]

    assert slots == list(range(450))


def test_poison_in_the_stream_is_passed_over(store, client):
    store.append(make_sample(slot=1))
    client.xadd(keys.SAMPLES, {"foo": b"\xff"})
    client.xadd(keys.SAMPLES, {"host": "web-1", "sample": b"\xff\x00 not json"})
    client.xadd(
        keys.SAMPLES,
        {
            "host": "web-1",
            "sample": '{"v":1,"host":"web-1","at":1,"services":{},"cpu":1e300,"marks":[{"kind":[1]},{"kind":1}],'
            '"queues":[7,{"in_per_s":"x"}],"checks":{"database":3},"detail":{"host_cpu":[1]}}',
        },
    )
    store.append(make_sample(slot=2))

    rows, marks, last_id = columns(store.since(0), "web-1")

    assert len(rows) == len(SERIES)
    assert rows[0] == [1_763_877_303.012, 1, 1_763_877_303.012]
    assert rows[1] == [10.0, None, 10.0]
    assert marks == []
    assert last_id == store.last_id()


def test_the_newest_and_the_oldest_sample_of_a_host_are_found_among_those_of_others(store):
    assert (store.newest_of("web-1"), store.oldest_at("web-1")) == (None, None)
    store.append(make_sample(host="web-2", slot=1))
    first_id = store.append(make_sample(slot=1))
    newest_id = store.append(make_sample(slot=2))
    store.append(make_sample(host="web-2", slot=2))

    assert store.newest_of("web-1").id == newest_id
    assert store.oldest_at("web-1") == pytest.approx(keys.id_seconds(first_id), abs=0.01)
    store.forget_host("web-1")
    assert (store.newest_of("web-1"), store.oldest_at("web-1")) == (None, None)


def test_history_ends_before_an_instant(store, client):
    for at_ms in (1000, 2000, 3000):
        client.xadd(keys.SAMPLES, {"host": "web-1", "sample": "{}"}, id=f"{at_ms}-1")

    assert [entry.id for entry in store.since(1, 3)] == ["1000-1", "2000-1"]


def test_the_last_id_of_no_stream_is_the_id_before_all(store):
    assert store.last_id() == keys.NO_ID


def test_hosts_are_listed_with_their_age_by_redis_clock(store, client):
    client.zadd(keys.HOSTS, {"gone": (store.now_s() - keys.HOST_RETENTION_S - 5) * 1000})
    store.append(make_sample(host="web-2"))
    store.append(make_sample(host="web-1"))
    hosts = store.hosts()

    assert [host.host for host in hosts] == ["web-1", "web-2"]
    assert all(0 <= host.age_s < 60 for host in hosts)


def test_a_redis_that_refuses_is_unavailable_and_its_password_stays_secret():
    store = LiveStore(redis_client(f"redis://:hunter2secret@127.0.0.1:{free_port()}/0"))

    with pytest.raises(StoreUnavailable) as caught:
        store.append(make_sample())

    assert "hunter2secret" not in str(caught.value)


def test_a_redis_that_hangs_is_unavailable_within_the_deadline():
    with RedisServer() as server:
        store = LiveStore(redis_client(server.url))
        store.append(make_sample(slot=1))
        server.pause()

        with Promise.FAULT_SHOWS.kept(), pytest.raises(StoreUnavailable):
            store.append(make_sample(slot=2))

        server.resume()
        assert store.append(make_sample(slot=3)) is not None


def test_a_sample_given_up_is_not_written_as_new_by_a_redis_that_wakes_later():
    with RedisServer() as server:
        store = LiveStore(redis_client(server.url), append_grace_s=1.5)
        store.append(make_sample(slot=1))
        server.pause()
        given_up_s = time.time() + 1.6
        with pytest.raises(StoreUnavailable):
            store.append(make_sample(slot=2))
        wait_until(lambda: time.time() > given_up_s)

        server.resume()

        store.append(make_sample(slot=3))
        assert [parse_wire(entry.sample)["slot"] for entry in store.newest(9)] == [1, 3]


def test_a_connection_that_redis_closed_costs_no_sample():
    with RedisServer() as server:
        store = LiveStore(redis_client(server.url))
        store.append(make_sample(slot=1))
        with redis.Redis.from_url(server.url) as admin:
            admin.client_kill_filter(_type="normal", skipme=True)

        assert store.append(make_sample(slot=2)) is not None


def test_a_host_that_is_forgotten_leaves_the_list_until_it_writes_again(store):
    store.append(make_sample(slot=1))

    assert store.forget_host("web-1")
    assert not store.forget_host("web-1")

    assert store.hosts() == []
    farewell = store.newest(1)[0]
    assert (farewell.host, farewell.is_farewell) == ("web-1", True)
    store.append(make_sample(slot=2))
    assert [host.host for host in store.hosts()] == ["web-1"]
