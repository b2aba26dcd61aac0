"""The worker probe with real Celery workers on real brokers."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

import amqp
import pytest

from collector.probes import roll_call, worker_verdict
from collector.probes.patience import Pace
from collector.probes.queues import QueueWatch, Reading
from collector.probes.worker import WorkerProbe
from collector.store.model import Check, Queue, QueueState, Status
from tests.process import PATIENCE_S
from tests.services import CeleryWorker, RabbitServer, wait_until

FIRST_LOOK = Check(status=Status.UNKNOWN, reason="first_look")
ONLINE = Check(status=Status.ONLINE)
QUICK = Pace(interval_s=0.5, retry_s=0.2, quiet_s=1.0, stranger_s=1.0, answer_s=0.4)
PING_SILENT = Check(status=Status.UNKNOWN, reason="ping_silent")
NOBODY_LISTENS = Check(status=Status.UNKNOWN, reason="nobody_listens")
BROKER_DOWN = Check(status=Status.UNKNOWN, reason="broker_down")


def amqp_reading(*consumers: int | None, failure: str | None = None, ready: int = 0) -> Reading:
    """What the watch says of RabbitMQ's queues q0, q1, …; None = the queue is missing."""
    queues = (
        Queue(name=f"q{index}", state=QueueState.MISSING)
        if count is None
        else Queue(name=f"q{index}", state=QueueState.OK, consumers=count, ready=ready)
        for index, count in enumerate(consumers)
    )
    return Reading(broker_kind="amqp", queues=tuple(queues), failure=failure, latency_ms=1.0)


def no_consumers(idle_s: int, waiting: int = 0) -> Check:
    return Check(status=Status.OFFLINE, reason="no_consumers", facts={"idle_s": idle_s, "waiting": waiting})


def verdicts(*readings: Reading, names: tuple[str, ...] = ("q0", "q1")) -> list[Check]:
    """On readings that are 3 s apart."""
    clock = itertools.count(0.0, 3.0)
    probe = WorkerProbe("amqp://", names, monotonic=lambda: next(clock))
    return [probe.read(reading) for reading in readings]


def test_no_broker_is_disabled() -> None:
    assert WorkerProbe(None, ["dispatch"]).read(None) == Check(status=Status.DISABLED, reason="not_watched")


def test_no_consumers_are_believed_at_the_second_look() -> None:
    none, one = amqp_reading(0), amqp_reading(1)

    assert verdicts(none, none, none, one) == [FIRST_LOOK, no_consumers(3), no_consumers(6), ONLINE]
    assert verdicts(one, none, one, none, none) == [ONLINE, ONLINE, ONLINE, ONLINE, no_consumers(3)]


def test_how_long_nobody_consumes_and_how_many_wait_is_told() -> None:
    assert verdicts(*[amqp_reading(0, ready=1250)] * 31)[-1] == no_consumers(90, 1250)


def test_a_missing_queue_has_no_consumers() -> None:
    assert verdicts(amqp_reading(None), amqp_reading(None))[-1] == no_consumers(3)


def test_a_queue_without_consumers_beside_one_that_has_them_is_degraded() -> None:
    partly = amqp_reading(1, 0)
    facts: dict[str, float | str] = {"idle_s": 3, "waiting": 0, "queue": "q1"}

    assert verdicts(partly, partly)[-1] == Check(status=Status.DEGRADED, reason="no_consumers", facts=facts)


def test_a_discovered_queue_that_never_had_a_consumer_needs_none() -> None:
    partly, none = amqp_reading(1, 0), amqp_reading(0, 0)

    assert verdicts(partly, partly, none, none, names=("*",)) == [ONLINE, ONLINE, ONLINE, no_consumers(3)]
    assert verdicts(none, none, names=("*",)) == [FIRST_LOOK, no_consumers(3)]


def test_where_no_queue_is_found_nothing_is_known_of_the_workers() -> None:
    assert verdicts(amqp_reading(), names=("*",)) == [Check(status=Status.UNKNOWN, reason="no_queues")]


def test_consumers_that_finish_nothing_while_messages_wait_are_degraded_after_90_seconds() -> None:
    facts: dict[str, float | str] = {"queue": "q0", "consumers": 3, "idle_s": 90, "waiting": 1250}
    stuck = verdicts(*[amqp_reading(3, ready=1250)] * 31)

    assert stuck[:-1] == [ONLINE] * 30
    assert stuck[-1] == Check(status=Status.DEGRADED, reason="no_progress", facts=facts)


def test_while_the_broker_is_down_nothing_is_known_and_afterwards_looking_starts_anew() -> None:
    none, down = amqp_reading(0), amqp_reading(failure="refused")

    assert verdicts(none, none, down, none, none) == [
        FIRST_LOOK, no_consumers(3), BROKER_DOWN, FIRST_LOOK, no_consumers(3),
    ]  # fmt: skip


@contextmanager
def probing(url: str, queue: str) -> Iterator[tuple[QueueWatch, WorkerProbe]]:
    watch = QueueWatch(url, [queue], read_interval_s=0.05)
    probe = WorkerProbe(url, [queue], pace=QUICK)
    watch.start()
    probe.start()
    try:
        yield watch, probe
    finally:
        probe.stop()
        watch.stop()


def await_verdict(watch: QueueWatch, probe: WorkerProbe, expected: Check, deadline_s: float) -> None:
    wait_until(lambda: probe.read(watch.take()) == expected, deadline_s, f"the worker is {expected}")


def await_reason(watch: QueueWatch, probe: WorkerProbe, status: Status, reason: str, deadline_s: float) -> Check:
    checks: list[Check] = []

    def read() -> bool:
        checks.append(probe.read(watch.take()))
        return (checks[-1].status, checks[-1].reason) == (status, reason)

    wait_until(read, deadline_s, f"the worker is {status}, {reason}")
    return checks[-1]


@pytest.mark.live
def test_on_rabbitmq_a_worker_that_was_killed_is_offline_and_another_one_online(rabbitmq_server: RabbitServer) -> None:
    queue = f"queue-{uuid4().hex}"
    with probing(rabbitmq_server.url, queue) as (watch, probe):
        await_reason(watch, probe, Status.OFFLINE, "no_consumers", 5)
        with CeleryWorker(rabbitmq_server.url, queue) as worker:
            await_verdict(watch, probe, ONLINE, 5)

            worker.kill9()
            await_reason(watch, probe, Status.OFFLINE, "no_consumers", 5)


@pytest.mark.live
def test_on_rabbitmq_a_worker_that_hangs_with_its_consumer_kept_is_degraded_and_then_online_again(
    rabbitmq_server: RabbitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_verdict, "SILENT_S", 1.0)
    queue = f"queue-{uuid4().hex}"
    with CeleryWorker(rabbitmq_server.url, queue) as worker, probing(rabbitmq_server.url, queue) as (watch, probe):
        wait_until(lambda: roll_of(watch, probe) == roll_call.Roll(served={queue: 1}), 5, "the worker answers")

        worker.pause()
        await_reason(watch, probe, Status.DEGRADED, "ping_silent", 6)
        consumers = watch.take().queues[0].consumers
        worker.resume()
        await_verdict(watch, probe, ONLINE, 6)

    assert consumers == 1


@pytest.mark.live
def test_on_rabbitmq_consumers_that_are_no_celery_workers_are_online_though_they_never_answer(
    rabbitmq_server: RabbitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_verdict, "SILENT_S", 0.5)
    queue = f"queue-{uuid4().hex}"
    with consuming(rabbitmq_server, queue), probing(rabbitmq_server.url, queue) as (watch, probe):
        wait_until(lambda: (roll := roll_of(watch, probe)) and roll.reason, 5, "they have been asked")

        assert probe.read(watch.take()) == ONLINE
        assert roll_of(watch, probe) == roll_call.Roll(reason="nobody_listens")


@pytest.mark.live
def test_on_rabbitmq_a_consumer_that_finishes_nothing_is_degraded_until_it_does(
    rabbitmq_server: RabbitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_verdict, "NO_PROGRESS_S", 1.0)
    queue = f"queue-{uuid4().hex}"
    with consuming(rabbitmq_server, queue) as finish_one, probing(rabbitmq_server.url, queue) as (watch, probe):
        stuck = await_reason(watch, probe, Status.DEGRADED, "no_progress", 5)
        finish_one()
        await_verdict(watch, probe, ONLINE, 3)

    assert stuck.facts == {"queue": queue, "consumers": 1, "idle_s": 1, "waiting": 4}


@pytest.mark.live
def test_on_rabbitmq_a_user_who_may_not_ask_the_workers_still_sees_their_consumers(
    rabbitmq_server: RabbitServer, caplog: pytest.LogCaptureFixture
) -> None:
    user, queue = f"user-{uuid4().hex}", f"queue-{uuid4().hex}"
    rabbitmq_server.ctl("add_user", user, "secret")
    rabbitmq_server.ctl("set_permissions", user, "^$", "^$", "^queue-")
    url = rabbitmq_server.url.replace(f"monitor:{rabbitmq_server.password}", f"{user}:secret")

    with consuming(rabbitmq_server, queue), probing(url, queue) as (watch, probe):
        wait_until(lambda: (roll := roll_of(watch, probe)) and roll.reason, 5, "the workers have been asked")

        assert probe.read(watch.take()) == Check(status=Status.ONLINE, facts={"ask": "ask_denied"})
    assert "the workers could not be asked: ask_denied" in caplog.text


@pytest.mark.live
def test_on_rabbitmq_in_alarm_nobody_is_taken_for_silent_because_the_question_is_held_up(
    rabbitmq_server: RabbitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_verdict, "SILENT_S", 0.5)
    monkeypatch.setattr(roll_call, "SOCKET_S", 1.0)
    url, queue = rabbitmq_server.url, f"queue-{uuid4().hex}"

    def is_held_up(watch: QueueWatch, probe: WorkerProbe) -> bool:
        assert probe.read(watch.take()).status == Status.ONLINE
        return roll_of(watch, probe) == roll_call.Roll(reason="ask_unreachable")

    with CeleryWorker(url, queue), probing(url, queue) as (watch, probe):
        wait_until(lambda: (roll := roll_of(watch, probe)) and roll.served, 5, "the worker answers")
        rabbitmq_server.ctl("set_vm_memory_high_watermark", "absolute", "1")
        try:
            wait_until(lambda: is_held_up(watch, probe), 8, "asking fails")
        finally:
            rabbitmq_server.ctl("set_vm_memory_high_watermark", "0.4")
        wait_until(lambda: (roll := roll_of(watch, probe)) and roll.served, 8, "the worker answers again")


@contextmanager
def consuming(server: RabbitServer, queue: str) -> Iterator[Callable[[], None]]:
    """A consumer that holds one of five messages; what is handed out finishes it, so that the next is delivered."""
    with amqp.Connection(f"127.0.0.1:{server.port}", "monitor", server.password, confirm_publish=True) as connection:
        channel = connection.channel()
        channel.queue_declare(queue, auto_delete=False)
        for _ in range(5):
            channel.basic_publish_confirm(amqp.Message("x"), routing_key=queue)
        held: list[int] = []
        channel.basic_qos(0, 1, False)
        channel.basic_consume(queue, callback=lambda message: held.append(message.delivery_tag))
        wait_until(lambda: held or connection.drain_events(timeout=PATIENCE_S))
        yield lambda: channel.basic_ack(held[0])


def roll_of(watch: QueueWatch, probe: WorkerProbe) -> roll_call.Roll | None:
    probe.read(watch.take())
    assert probe._roll_call is not None
    return probe._roll_call.get_roll()


@pytest.mark.live
def test_on_redis_a_worker_that_is_silent_is_unknown_and_online_when_it_speaks_again(redis_url: str) -> None:
    with CeleryWorker(redis_url, "dispatch") as worker, probing(redis_url, "dispatch") as (watch, probe):
        await_verdict(watch, probe, ONLINE, 5)

        worker.pause()
        await_verdict(watch, probe, PING_SILENT, 6)
        worker.resume()
        await_verdict(watch, probe, ONLINE, 6)
        worker.kill9()
        await_verdict(watch, probe, NOBODY_LISTENS, 6)

        with CeleryWorker(redis_url, "dispatch"):
            await_verdict(watch, probe, ONLINE, 6)


@pytest.mark.live
def test_a_worker_of_another_queue_does_not_count(redis_url: str) -> None:
    with CeleryWorker(redis_url, "elsewhere"), probing(redis_url, "dispatch") as (watch, probe):
        await_verdict(watch, probe, Check(status=Status.UNKNOWN, reason="none_serves"), 5)
