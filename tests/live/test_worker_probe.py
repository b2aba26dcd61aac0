"""The worker probe with real Celery workers on real brokers."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from uuid import uuid4

import amqp
import pytest
import redis
from celery import Celery

from collector.probes.broker.departures import Movement
from collector.probes.broker.management import ManagementWatch
from collector.probes.broker.queues import QueueWatch
from collector.probes.broker.reading import Reading
from collector.probes.workers import worker_inspect, worker_verdict
from collector.probes.workers.inspect_backoff import InspectTimes
from collector.probes.workers.worker import WorkerProbe
from collector.probes.workers.worker_verdict import STUCK_S
from store.samples.model import Check, Queue, QueueState, Status
from tests.celery_application import Application
from tests.process import PATIENCE_S
from tests.services import CeleryWorker, RabbitServer, wait_until

FIRST_LOOK = Check(status=Status.UNKNOWN, reason="first_look")
ONLINE = Check(status=Status.ONLINE)
QUICK = InspectTimes(interval_s=0.5, retry_s=0.2, silent_cap_s=1.0, never_answered_cap_s=1.0, timeout_s=0.4)
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


def test_messages_that_wait_while_none_leaves_for_60_seconds_are_a_standstill_whoever_answers() -> None:
    def still(seconds: float) -> Reading:
        movements = {"q0": Movement(still_s=seconds, is_certain=True)}
        return replace(amqp_reading(3, ready=1250), movements=movements)

    facts: dict[str, float | str] = {"queue": "q0", "idle_s": 60, "waiting": 1250}
    stuck = Check(status=Status.OFFLINE, reason="no_progress", facts=facts)

    assert verdicts(still(0), still(59.9), still(60), still(0)) == [ONLINE, ONLINE, stuck, ONLINE]


def test_while_the_broker_is_down_nothing_is_known_and_afterwards_looking_starts_anew() -> None:
    none, down = amqp_reading(0), amqp_reading(failure="refused")

    assert verdicts(none, none, down, none, none) == [
        FIRST_LOOK, no_consumers(3), BROKER_DOWN, FIRST_LOOK, no_consumers(3),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        (None, Status.DEGRADED),  # Somebody has answered and consumes the other queue alone.
        ("ping_silent", Status.DEGRADED),
        *((why, Status.UNKNOWN) for why in (
            "ask_off", "ask_denied", "ask_read_only", "ask_unsupported", "ask_unreachable", "ask_failed",
            "nobody_listens", "answer_unreadable",
        )),
    ],
)  # fmt: skip
def test_on_redis_an_idle_queue_beside_one_that_moves_is_held_against_the_workers_only_by_their_own_silence(
    reason: str | None, status: Status
) -> None:
    probe = WorkerProbe("redis://", ["moving", "idle"])
    assert probe._inspector is not None
    probe._inspector._outcome = worker_inspect.Inspection(reason=reason), float("inf")
    reading = Reading(
        broker_kind="redis",
        queues=tuple(Queue(name=name, state=QueueState.OK, ready=0) for name in ("moving", "idle")),
        latency_ms=1.0,
        movements={"moving": Movement(is_certain=True, departed_s=1.0)},
    )

    assert probe.read(reading) == Check(status=status, reason=reason or "none_serves")


@contextmanager
def probing(
    url: str,
    queue: str,
    *,
    stuck_s: float = STUCK_S,
    management: ManagementWatch | None = None,
    times: InspectTimes = QUICK,
) -> Iterator[tuple[QueueWatch, WorkerProbe]]:
    watch = QueueWatch(url, [queue], read_interval_s=0.05, management=management)
    probe = WorkerProbe(url, [queue], times=times, stuck_s=stuck_s)
    watch.start()
    probe.start()
    try:
        yield watch, probe
    finally:
        probe.stop()
        watch.stop()


@contextmanager
def managing(server: RabbitServer, queue: str) -> Iterator[ManagementWatch]:
    management = ManagementWatch(server.management_url, server.url, [queue], interval_s=0.3)
    management.start()
    try:
        yield management
    finally:
        management.stop()


def send(url: str, queue: str, count: int) -> None:
    """Tasks that no worker knows: each is told, and done with."""
    with Celery(broker=url) as app:
        app.conf.task_create_missing_queues = True
        for _ in range(count):
            app.send_task("unknown", queue=queue, ignore_result=True)


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
        wait_until(
            lambda: inspection_of(watch, probe) == worker_inspect.Inspection(served={queue: 1}), 5, "the worker answers"
        )

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
        wait_until(lambda: (inspection := inspection_of(watch, probe)) and inspection.reason, 5, "they have been asked")

        assert probe.read(watch.take()) == ONLINE
        assert inspection_of(watch, probe) == worker_inspect.Inspection(reason="nobody_listens")


@pytest.mark.live
def test_on_redis_a_frozen_worker_with_messages_waiting_is_a_standstill_until_it_goes_on(redis_url: str) -> None:
    with (
        CeleryWorker(redis_url, "dispatch") as worker,
        probing(redis_url, "dispatch", stuck_s=1.0) as (watch, probe),
    ):
        await_verdict(watch, probe, ONLINE, 5)

        worker.pause()
        send(redis_url, "dispatch", 130)
        stuck = await_reason(watch, probe, Status.OFFLINE, "no_progress", 10)
        worker.resume()
        await_verdict(watch, probe, ONLINE, 10)

    assert stuck.facts["queue"] == "dispatch"
    assert stuck.facts["waiting"] in (129, 130)  # Redis has handed one to the worker, which had asked for it.


@pytest.mark.live
def test_on_rabbitmq_a_frozen_worker_with_messages_waiting_is_a_standstill_until_it_goes_on(
    rabbitmq_server: RabbitServer,
) -> None:
    url, queue = rabbitmq_server.url, f"queue-{uuid4().hex}"
    with (
        CeleryWorker(url, queue) as worker,
        managing(rabbitmq_server, queue) as management,
        probing(url, queue, stuck_s=2.0, management=management) as (watch, probe),
    ):
        await_verdict(watch, probe, ONLINE, 5)

        worker.pause()
        send(url, queue, 130)
        stuck = await_reason(watch, probe, Status.OFFLINE, "no_progress", 15)
        worker.resume()
        await_verdict(watch, probe, ONLINE, 15)

    assert stuck.facts["waiting"] in range(100, 130)  # Some are with the worker.


@pytest.mark.live
def test_on_rabbitmq_without_its_api_a_frozen_worker_is_a_standstill_once_it_is_silent_as_well(
    rabbitmq_server: RabbitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_verdict, "SILENT_S", 1.0)
    url, queue = rabbitmq_server.url, f"queue-{uuid4().hex}"
    with CeleryWorker(url, queue) as worker, probing(url, queue, stuck_s=1.5) as (watch, probe):
        wait_until(
            lambda: inspection_of(watch, probe) == worker_inspect.Inspection(served={queue: 1}), 5, "the worker answers"
        )

        worker.pause()
        send(url, queue, 130)
        await_reason(watch, probe, Status.OFFLINE, "no_progress", 10)
        worker.resume()
        await_verdict(watch, probe, ONLINE, 10)


@pytest.mark.live
def test_on_rabbitmq_without_its_api_a_worker_that_froze_before_it_was_first_asked_is_a_standstill(
    rabbitmq_server: RabbitServer,
) -> None:
    url, queue = rabbitmq_server.url, f"queue-{uuid4().hex}"
    with CeleryWorker(url, queue) as worker:
        worker.pause()
        send(url, queue, 130)
        with probing(url, queue, stuck_s=1.5) as (watch, probe):
            await_reason(watch, probe, Status.OFFLINE, "no_progress", 10)
            worker.resume()
            await_verdict(watch, probe, ONLINE, 10)


@pytest.mark.live
def test_on_rabbitmq_without_its_api_a_depth_that_does_not_change_proves_nothing(rabbitmq_server: RabbitServer) -> None:
    queue = f"queue-{uuid4().hex}"
    with (
        consuming(rabbitmq_server, queue) as finish_one,
        probing(rabbitmq_server.url, queue, stuck_s=1.0) as (watch, probe),
    ):
        unseen = await_reason(watch, probe, Status.UNKNOWN, "movement_unknown", 5)
        finish_one()
        await_verdict(watch, probe, ONLINE, 3)

    assert unseen.facts == {"queue": queue, "idle_s": 1, "waiting": 4}


@pytest.mark.live
def test_on_rabbitmq_messages_with_a_consumer_that_finishes_none_are_told(rabbitmq_server: RabbitServer) -> None:
    queue = f"queue-{uuid4().hex}"
    with (
        consuming(rabbitmq_server, queue, prefetch=0) as finish_one,
        managing(rabbitmq_server, queue) as management,
        probing(rabbitmq_server.url, queue, stuck_s=1.5, management=management) as (watch, probe),
    ):
        hung = await_reason(watch, probe, Status.DEGRADED, "unfinished", 10)
        finish_one()
        await_verdict(watch, probe, ONLINE, 5)

    assert hung.facts == {"queue": queue, "idle_s": 1, "unacked": 5}


@pytest.mark.live
def test_on_rabbitmq_a_user_who_may_not_ask_the_workers_still_sees_their_consumers(
    rabbitmq_server: RabbitServer, caplog: pytest.LogCaptureFixture
) -> None:
    user, queue = f"user-{uuid4().hex}", f"queue-{uuid4().hex}"
    rabbitmq_server.ctl("add_user", user, "secret")
    rabbitmq_server.ctl("set_permissions", user, "^$", "^$", "^queue-")
    url = rabbitmq_server.url.replace(f"monitor:{rabbitmq_server.password}", f"{user}:secret")

    with consuming(rabbitmq_server, queue), probing(url, queue) as (watch, probe):
        wait_until(
            lambda: (inspection := inspection_of(watch, probe)) and inspection.reason, 5, "the workers have been asked"
        )

        assert probe.read(watch.take()) == Check(status=Status.ONLINE, facts={"ask": "ask_denied"})
    assert "the workers could not be asked: ask_denied" in caplog.text


@pytest.mark.live
def test_on_rabbitmq_in_alarm_nobody_is_taken_for_silent_because_the_question_is_held_up(
    rabbitmq_server: RabbitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_verdict, "SILENT_S", 0.5)
    monkeypatch.setattr(worker_inspect, "SOCKET_S", 1.0)
    url, queue = rabbitmq_server.url, f"queue-{uuid4().hex}"

    def is_held_up(watch: QueueWatch, probe: WorkerProbe) -> bool:
        assert probe.read(watch.take()).status == Status.ONLINE
        return inspection_of(watch, probe) == worker_inspect.Inspection(reason="ask_unreachable")

    with CeleryWorker(url, queue), probing(url, queue) as (watch, probe):
        wait_until(lambda: (inspection := inspection_of(watch, probe)) and inspection.served, 5, "the worker answers")
        rabbitmq_server.ctl("set_vm_memory_high_watermark", "absolute", "1")
        try:
            wait_until(lambda: is_held_up(watch, probe), 8, "asking fails")
        finally:
            rabbitmq_server.ctl("set_vm_memory_high_watermark", "0.4")
        wait_until(
            lambda: (inspection := inspection_of(watch, probe)) and inspection.served, 8, "the worker answers again"
        )


@contextmanager
def consuming(server: RabbitServer, queue: str, *, prefetch: int = 1) -> Iterator[Callable[[], None]]:
    """A consumer that holds one of five messages, or all (0); what is handed out finishes one."""
    with amqp.Connection(f"127.0.0.1:{server.port}", "monitor", server.password, confirm_publish=True) as connection:
        channel = connection.channel()
        channel.queue_declare(queue, auto_delete=False)
        for _ in range(5):
            channel.basic_publish_confirm(amqp.Message("x"), routing_key=queue)
        held: list[int] = []
        channel.basic_qos(0, prefetch, False)
        channel.basic_consume(queue, callback=lambda message: held.append(message.delivery_tag))
        wait_until(lambda: held or connection.drain_events(timeout=PATIENCE_S))
        yield lambda: channel.basic_ack(held[0])


def inspection_of(watch: QueueWatch, probe: WorkerProbe) -> worker_inspect.Inspection | None:
    probe.read(watch.take())
    assert probe._inspector is not None
    return probe._inspector.latest()


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


@pytest.mark.live
def test_workers_that_may_not_be_asked_are_judged_by_movement_and_nothing_is_published(redis_url: str) -> None:
    with CeleryWorker(redis_url, "dispatch"), redis.Redis.from_url(redis_url) as client, client.pubsub() as heard:
        heard.psubscribe("*pidbox*")
        heard.get_message(timeout=PATIENCE_S)
        watch, probe = QueueWatch(redis_url, ["dispatch"]), WorkerProbe(redis_url, ["dispatch"], asks=False)
        watch.start()
        probe.start()
        try:
            await_verdict(watch, probe, Check(status=Status.UNKNOWN, reason="ask_off"), PATIENCE_S)
        finally:
            probe.stop()
            watch.stop()
        assert heard.get_message(timeout=0.1) is None
        assert client.keys("zapvoice-monitor.*") == []


@pytest.mark.live
def test_a_worker_that_takes_only_pickle_is_asked_ever_more_seldom_and_told_as_silent(redis_url: str) -> None:
    settings = {"accept_content": ["pickle"], "task_serializer": "pickle"}
    with (
        Application(redis_url, "dispatch", settings) as worker,
        probing(redis_url, "dispatch", times=InspectTimes(retry_s=0.05)) as (watch, probe),
    ):
        await_verdict(watch, probe, PING_SILENT, PATIENCE_S)
        wait_until(lambda: worker.log.read_text().count("Can't decode message body") == 3, what="it was asked thrice")
        assert probe._inspector is not None
        assert probe._inspector._backoff._never_answered.next_s() >= 0.05 * 4**2
