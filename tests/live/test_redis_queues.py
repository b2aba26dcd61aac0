"""The queue watch on a real Redis counts every priority, however its key is spelled, or nothing with a reason."""

from collections.abc import Iterable

import pytest
import redis
from kombu import Connection, Exchange, Producer
from kombu import Queue as KombuQueue

from collector.probes.broker import kombu_bindings, redis_reader
from settings.broker_options import BrokerOptions
from store.samples.model import Queue, QueueState
from tests.queue_watch import await_queue, await_reading, watching
from tests.services import wait_until

pytestmark = pytest.mark.live


def test_redis_counts_the_messages_of_all_priorities(redis_url: str) -> None:
    with Connection(redis_url) as connection, watching(redis_url, "dispatch") as watch:
        producer = Producer(connection.default_channel)
        for priority in (0, 3, 6, 9, 9):
            producer.publish({}, routing_key="dispatch", priority=priority)

        queue = await_queue(watch, lambda queue: queue.ready == 5)

    assert (queue.state, queue.consumers) == (QueueState.OK, None)


def test_an_empty_redis_queue_reads_as_zero_once_it_has_held_a_message(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client, watching(redis_url, "dispatch") as watch:
        await_queue(watch, lambda queue: queue.state == QueueState.MISSING)
        client.lpush("dispatch", "{}", "{}")
        await_queue(watch, lambda queue: queue.ready == 2)
        client.delete("dispatch")
        drained = await_queue(watch, lambda queue: queue.ready == 0)

    assert drained.state == QueueState.OK


@pytest.mark.parametrize("exchange", ["dispatch", "all-tasks"])
def test_an_empty_redis_queue_that_is_bound_to_any_exchange_reads_as_zero_from_the_first_look(
    exchange: str, redis_url: str
) -> None:
    with Connection(redis_url) as connection:
        KombuQueue("dispatch", exchange=exchange, routing_key="dispatch", channel=connection.default_channel).declare()

    with watching(redis_url, "dispatch") as watch:
        queue = await_queue(watch, lambda queue: queue.state != QueueState.UNKNOWN)

    assert (queue.state, queue.ready) == (QueueState.OK, 0)


def test_a_redis_key_that_is_no_queue_is_unknown_and_hides_no_other(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.set("odd", "text")
        client.lpush("dispatch", "{}")

    with watching(redis_url, "odd", "dispatch") as watch:
        reading = await_reading(watch, lambda reading: reading.queues[1].ready == 1)

    assert reading.failure is None
    assert reading.queues[0] == Queue(name="odd", state=QueueState.UNKNOWN)


def publish_with(url: str, priorities: Iterable[int], **options: object) -> None:
    """Publish to `dispatch` as an application with these `broker_transport_options` does: Celery declares it first."""
    with Connection(url, transport_options=options) as connection:
        producer = Producer(connection.default_channel)
        queue = KombuQueue("dispatch", Exchange("dispatch"), routing_key="dispatch")
        for priority in priorities:
            producer.publish({}, exchange="dispatch", routing_key="dispatch", priority=priority, declare=[queue])


TEN = list(range(10))
ALL_PRIORITIES = [*TEN, *TEN, *TEN, 0, 0, 0, 0, 3, 6, 9]
NOT_COUNTED = Queue(name="dispatch", state=QueueState.UNKNOWN, reason="priorities_not_counted")
OTHER_PREFIX = Queue(name="dispatch", state=QueueState.UNKNOWN, reason="other_keyprefix")


@pytest.mark.parametrize(
    ("application", "options"),
    [
        ({"priority_steps": TEN}, BrokerOptions(priority_steps=tuple(TEN))),
        ({"sep": ":"}, BrokerOptions(sep=":")),
        ({"global_keyprefix": "{app}."}, BrokerOptions(global_keyprefix="{app}.")),
        ({"priority_steps": [2, 5], "sep": "::"}, BrokerOptions(priority_steps=(2, 5), sep="::")),
    ],
    ids=lambda value: "" if isinstance(value, BrokerOptions) else "-".join(value),
)
def test_with_the_applications_options_every_message_on_redis_is_counted(
    application: dict[str, object], options: BrokerOptions, redis_url: str
) -> None:
    publish_with(redis_url, ALL_PRIORITIES, **application)

    with watching(redis_url, "dispatch", options=options) as watch:
        queue = await_queue(watch, lambda queue: queue.ready is not None)

    assert (queue.state, queue.ready, queue.reason) == (QueueState.OK, 37, None)


@pytest.mark.parametrize("priorities", [ALL_PRIORITIES, [5]], ids=["all", "only 5"])
@pytest.mark.parametrize(
    "application", [{"priority_steps": TEN}, {"sep": ":"}, {"sep": "::", "priority_steps": [0, 5]}]
)
def test_a_queue_of_which_a_part_is_counted_is_unknown_with_the_reason(
    application: dict[str, object], priorities: list[int], redis_url: str
) -> None:
    publish_with(redis_url, priorities, **application)

    with watching(redis_url, "dispatch") as watch:
        reading = await_reading(watch, lambda reading: reading.latency_ms is not None)

    assert reading.failure is None
    assert reading.queues == (NOT_COUNTED,)


def test_a_queue_under_another_key_prefix_is_not_missing(redis_url: str) -> None:
    publish_with(redis_url, [0, 5], global_keyprefix="app:")

    with watching(redis_url, "dispatch") as unprefixed:
        await_reading(unprefixed, lambda reading: reading.queues == (OTHER_PREFIX,))
    with watching(redis_url, "dispatch", options=BrokerOptions(global_keyprefix="other:")) as wrong:
        await_reading(wrong, lambda reading: reading.queues == (OTHER_PREFIX,))


def test_keys_of_the_application_that_look_like_priorities_and_are_none_change_nothing(redis_url: str) -> None:
    publish_with(redis_url, [0, 0], sep=":")
    with redis.Redis.from_url(redis_url) as client:
        client.set("dispatch:5", "the application's own")

    with watching(redis_url, "dispatch") as watch:
        assert await_queue(watch, lambda queue: queue.state == QueueState.OK).ready == 2


def test_messages_that_are_not_counted_show_as_soon_as_they_come(redis_url: str) -> None:
    publish_with(redis_url, [0], priority_steps=TEN)
    with watching(redis_url, "dispatch") as watch:
        await_queue(watch, lambda queue: queue.ready == 1)
        publish_with(redis_url, [5], priority_steps=TEN)
        counts = []
        await_queue(watch, lambda queue: counts.append(queue.ready) or queue == NOT_COUNTED)

    assert set(counts) <= {1, None}


def calls_of(client: redis.Redis, command: str) -> int:
    """How often a command was sent since the statistics were reset."""
    calls: int = client.info("commandstats").get(f"cmdstat_{command}", {}).get("calls", 0)
    return calls


def test_the_search_for_bindings_is_bounded_at_every_step(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kombu_bindings, "SCAN_COUNT", 100)
    monkeypatch.setattr(kombu_bindings, "MEMBERS", 50)
    monkeypatch.setattr(kombu_bindings, "STEP_PAUSE_S", 0.0)
    monkeypatch.setattr(kombu_bindings, "SEARCH_PAUSE_S", 0.0)
    with redis.Redis.from_url(redis_url) as client:
        client.mset({f"key-{number}": "x" for number in range(2000)})
        client.sadd("_kombu.binding.all", *(f"a\x06\x16\x06\x16queue-{number}" for number in range(2000)))
        client.config_resetstat()
        with watching(redis_url, "dispatch"):  # It is in no set, so no lucky order of Redis' keys ends the scan early.
            wait_until(lambda: all(calls_of(client, name) >= 5 for name in ("scan", "sscan")), what="both are in steps")
        slow = client.info("commandstats")

    assert {name.removeprefix("cmdstat_") for name in slow} <= {
        "auth", "select", "llen", "exists", "lindex", "hlen", "zrange", "scan", "sscan", "info", "config|resetstat",
    }  # fmt: skip


def test_on_redis_a_message_that_leaves_is_seen_though_the_depth_stays(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_reader, "HEAD_PAUSE_S", 0.0)
    with redis.Redis.from_url(redis_url) as client, watching(redis_url, "dispatch", read_interval_s=0.01) as watch:
        client.lpush("dispatch", *(f"message-{number}" for number in range(5)))
        await_queue(watch, lambda queue: queue.ready == 5)
        wait_until(lambda: (watch.take().movements["dispatch"].unchanged_s or 0) > 0.2, 3)
        before = watch.take().movements["dispatch"]
        with client.pipeline() as swap:  # One message comes as one goes: the depth never changes.
            swap.rpop("dispatch").lpush("dispatch", "message-5").execute()
        wait_until(lambda: watch.take().movements["dispatch"].departed_s is not None, 3)
        after = watch.take().movements["dispatch"]

    assert before.departed_s is None
    assert before.is_certain
    assert after.unchanged_s is not None
    assert after.unchanged_s > 0.2
    assert "message" not in repr(watch.__dict__)
