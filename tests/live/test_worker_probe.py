"""The worker probe with real Celery workers on real brokers."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
import redis

from collector.probes import roll_call
from collector.probes.queues import QueueWatch, Reading
from collector.probes.worker import WorkerProbe
from collector.store.model import Check, Queue, QueueState, Status
from tests.services import CeleryWorker, RabbitServer, wait_until

FIRST_LOOK = Check(status=Status.UNKNOWN, reason="first_look")
ONLINE = Check(status=Status.ONLINE)
NO_CONSUMERS = Check(status=Status.OFFLINE, reason="no_consumers")
PING_SILENT = Check(status=Status.UNKNOWN, reason="ping_silent")
BROKER_DOWN = Check(status=Status.UNKNOWN, reason="broker_down")


def amqp_reading(*consumers: int | None, failure: str | None = None) -> Reading:
    """What the watch says of RabbitMQ's queues q0, q1, …; None = the queue is missing."""
    queues = (
        Queue(name=f"q{index}", state=QueueState.MISSING if count is None else QueueState.OK, consumers=count)
        for index, count in enumerate(consumers)
    )
    return Reading(broker_kind="amqp", queues=tuple(queues), failure=failure, latency_ms=1.0)


def verdicts(*readings: Reading) -> list[Check]:
    probe = WorkerProbe("amqp://", ["q0", "q1"])
    return [probe.read(reading) for reading in readings]


def test_no_broker_is_disabled() -> None:
    assert WorkerProbe(None, ["dispatch"]).read(None) == Check(status=Status.DISABLED, reason="not_watched")


def test_no_consumers_are_believed_at_the_second_look() -> None:
    none, one = amqp_reading(0), amqp_reading(1)

    assert verdicts(none, none, none, one) == [FIRST_LOOK, NO_CONSUMERS, NO_CONSUMERS, ONLINE]
    assert verdicts(one, none, one, none, none) == [ONLINE, ONLINE, ONLINE, ONLINE, NO_CONSUMERS]


def test_a_missing_queue_has_no_consumers() -> None:
    assert verdicts(amqp_reading(None), amqp_reading(None))[-1] == NO_CONSUMERS


def test_a_queue_without_consumers_beside_one_that_has_them_is_degraded() -> None:
    partly = amqp_reading(1, 0)

    assert verdicts(partly, partly)[-1] == Check(status=Status.DEGRADED, reason="no_consumers")


def test_while_the_broker_is_down_nothing_is_known_and_afterwards_looking_starts_anew() -> None:
    none, down = amqp_reading(0), amqp_reading(failure="refused")

    assert verdicts(none, none, down, none, none) == [FIRST_LOOK, NO_CONSUMERS, BROKER_DOWN, FIRST_LOOK, NO_CONSUMERS]


@contextmanager
def probing(url: str, queue: str) -> Iterator[tuple[QueueWatch, WorkerProbe]]:
    watch, probe = QueueWatch(url, [queue], read_interval_s=0.05), WorkerProbe(url, [queue])
    watch.start()
    probe.start()
    try:
        yield watch, probe
    finally:
        probe.stop()
        watch.stop()


def await_verdict(watch: QueueWatch, probe: WorkerProbe, expected: Check, deadline_s: float) -> None:
    wait_until(lambda: probe.read(watch.take()) == expected, deadline_s, f"the worker is {expected}")


@pytest.mark.live
def test_on_rabbitmq_a_worker_that_was_killed_is_offline_and_another_one_online(rabbitmq_server: RabbitServer) -> None:
    queue = f"queue-{uuid4().hex}"
    with probing(rabbitmq_server.url, queue) as (watch, probe):
        await_verdict(watch, probe, NO_CONSUMERS, 5)
        with CeleryWorker(rabbitmq_server.url, queue) as worker:
            await_verdict(watch, probe, ONLINE, 5)

            worker.kill9()
            await_verdict(watch, probe, NO_CONSUMERS, 5)


@pytest.mark.live
def test_on_redis_a_worker_that_is_silent_is_unknown_and_online_when_it_speaks_again(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roll_call, "INTERVAL_S", 0.5)
    monkeypatch.setattr(roll_call, "RETRY_S", 0.2)
    monkeypatch.setattr(roll_call, "ANSWER_S", 0.4)
    with CeleryWorker(redis_url, "dispatch") as worker, probing(redis_url, "dispatch") as (watch, probe):
        await_verdict(watch, probe, ONLINE, 5)

        worker.pause()
        await_verdict(watch, probe, PING_SILENT, 6)
        worker.resume()
        await_verdict(watch, probe, ONLINE, 6)
        worker.kill9()
        await_verdict(watch, probe, PING_SILENT, 6)

        with CeleryWorker(redis_url, "dispatch"):
            await_verdict(watch, probe, ONLINE, 6)


@pytest.mark.live
def test_a_worker_of_another_queue_does_not_count(redis_url: str) -> None:
    with CeleryWorker(redis_url, "elsewhere"), probing(redis_url, "dispatch") as (watch, probe):
        await_verdict(watch, probe, PING_SILENT, 5)


@pytest.mark.live
def test_asking_the_workers_leaves_no_reply_keys_in_redis(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roll_call, "INTERVAL_S", 0.05)
    monkeypatch.setattr(roll_call, "RETRY_S", 0.05)
    monkeypatch.setattr(roll_call, "ANSWER_S", 0.05)

    with CeleryWorker(redis_url, "dispatch") as worker, redis.Redis.from_url(redis_url) as client:
        with probing(redis_url, "dispatch") as (watch, probe):
            await_verdict(watch, probe, ONLINE, 5)
            worker.pause()  # Its replies come late, when nobody waits for them any more.
            await_verdict(watch, probe, PING_SILENT, 5)
            worker.resume()
            await_verdict(watch, probe, ONLINE, 5)
        replies = client.keys("*reply.celery.pidbox*")

    assert len(replies) <= 1, replies
