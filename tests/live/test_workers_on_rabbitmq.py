"""The worker probe with real Celery workers on a real RabbitMQ."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

import amqp
import pytest

from collector.probes.broker.queues import QueueWatch
from collector.probes.workers import worker_inspect, worker_verdict
from collector.probes.workers.worker import WorkerProbe
from collector.probes.workers.worker_inspect import Inspection
from store.samples.model import Check, Status
from tests.process import PATIENCE_S
from tests.services import CeleryWorker, RabbitServer, wait_until
from tests.worker_probe import ONLINE, await_reason, await_verdict, inspection_of, managing, probing, send

pytestmark = pytest.mark.live


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


def test_on_rabbitmq_a_worker_that_was_killed_is_offline_and_another_one_online(rabbitmq_server: RabbitServer) -> None:
    queue = f"queue-{uuid4().hex}"
    with probing(rabbitmq_server.url, queue) as (watch, probe):
        await_reason(watch, probe, Status.OFFLINE, "no_consumers", 5)
        with CeleryWorker(rabbitmq_server.url, queue) as worker:
            await_verdict(watch, probe, ONLINE, 5)

            worker.kill9()
            await_reason(watch, probe, Status.OFFLINE, "no_consumers", 5)


def test_on_rabbitmq_a_worker_that_hangs_with_its_consumer_kept_is_degraded_and_then_online_again(
    rabbitmq_server: RabbitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_verdict, "SILENT_S", 1.0)
    queue = f"queue-{uuid4().hex}"
    with CeleryWorker(rabbitmq_server.url, queue) as worker, probing(rabbitmq_server.url, queue) as (watch, probe):
        wait_until(lambda: inspection_of(watch, probe) == Inspection(served={queue: 1}), 5, "the worker answers")

        worker.pause()
        await_reason(watch, probe, Status.DEGRADED, "ping_silent", 6)
        consumers = watch.take().queues[0].consumers
        worker.resume()
        await_verdict(watch, probe, ONLINE, 6)

    assert consumers == 1


def test_on_rabbitmq_consumers_that_are_no_celery_workers_are_online_though_they_never_answer(
    rabbitmq_server: RabbitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_verdict, "SILENT_S", 0.5)
    queue = f"queue-{uuid4().hex}"
    with consuming(rabbitmq_server, queue), probing(rabbitmq_server.url, queue) as (watch, probe):
        wait_until(lambda: (inspection := inspection_of(watch, probe)) and inspection.reason, 5, "they have been asked")

        assert probe.read(watch.take()) == ONLINE
        assert inspection_of(watch, probe) == Inspection(reason="nobody_listens")


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


def test_on_rabbitmq_without_its_api_a_frozen_worker_is_a_standstill_once_it_is_silent_as_well(
    rabbitmq_server: RabbitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_verdict, "SILENT_S", 1.0)
    url, queue = rabbitmq_server.url, f"queue-{uuid4().hex}"
    with CeleryWorker(url, queue) as worker, probing(url, queue, stuck_s=1.5) as (watch, probe):
        wait_until(lambda: inspection_of(watch, probe) == Inspection(served={queue: 1}), 5, "the worker answers")

        worker.pause()
        send(url, queue, 130)
        await_reason(watch, probe, Status.OFFLINE, "no_progress", 10)
        worker.resume()
        await_verdict(watch, probe, ONLINE, 10)


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


def test_on_rabbitmq_without_its_api_a_depth_that_does_not_change_proves_nothing(rabbitmq_server: RabbitServer) -> None:
    queue = f"queue-{uuid4().hex}"
    with (
        consuming(rabbitmq_server, queue) as finish_one,
        probing(rabbitmq_server.url, queue, stuck_s=1.0) as (watch, probe),
    ):
        unseen = await_reason(watch, probe, Status.UNKNOWN, "movement_unknown", 5)
        finish_one()
        await_verdict(watch, probe, ONLINE, 3)

    assert unseen.facts == {"queue": queue, "idle_s": unseen.facts["idle_s"], "waiting": 4}


def test_on_rabbitmq_messages_held_by_a_consumer_that_finishes_none_degrade_the_workers(
    rabbitmq_server: RabbitServer,
) -> None:
    queue = f"queue-{uuid4().hex}"
    with (
        consuming(rabbitmq_server, queue, prefetch=0) as finish_one,
        managing(rabbitmq_server, queue) as management,
        probing(rabbitmq_server.url, queue, stuck_s=1.5, management=management) as (watch, probe),
    ):
        hung = await_reason(watch, probe, Status.DEGRADED, "unfinished", 10)
        finish_one()
        await_verdict(watch, probe, ONLINE, 5)

    assert hung.facts == {"queue": queue, "idle_s": hung.facts["idle_s"], "unacked": 5}


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


def test_during_an_alarm_of_rabbitmq_a_blocked_request_does_not_make_the_workers_silent(
    rabbitmq_server: RabbitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_verdict, "SILENT_S", 0.5)
    monkeypatch.setattr(worker_inspect, "SOCKET_S", 1.0)
    url, queue = rabbitmq_server.url, f"queue-{uuid4().hex}"

    def is_held_up(watch: QueueWatch, probe: WorkerProbe) -> bool:
        assert probe.read(watch.take()).status == Status.ONLINE
        return inspection_of(watch, probe) == Inspection(reason="ask_unreachable")

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
