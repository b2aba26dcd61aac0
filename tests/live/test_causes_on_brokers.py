"""Causes that are really brought about, on real brokers with real Celery workers."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import amqp
import pytest

from collector.judgement import consumers, worker_causes
from collector.probes.events.listener import EventListener
from collector.probes.workers import interview
from settings.broker_options import BrokerOptions
from store.samples.verdict import Level
from tests.celery_application import Application
from tests.judging import Judging, judging
from tests.services import RabbitServer
from tests.worker_probe import managing

pytestmark = pytest.mark.live

SLOTS = 2


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """The workers are asked each half a second here, not each 10 s."""
    monkeypatch.setattr(interview, "INTERVAL_S", 0.2)
    monkeypatch.setattr(worker_causes, "SETTLED_S", 3.0)
    monkeypatch.setattr(worker_causes, "SILENT_S", 3.0)
    monkeypatch.setattr(consumers, "FRESH_S", 2.5)


@pytest.fixture(params=["amqp", "redis"])
def url(request: pytest.FixtureRequest) -> str:
    """Of a broker of each kind."""
    if request.param == "redis":
        return str(request.getfixturevalue("redis_url"))
    server: RabbitServer = request.getfixturevalue("rabbitmq_server")
    return server.url


@contextmanager
def judging_at(url: str, queue: str, request: pytest.FixtureRequest) -> Iterator[Judging]:
    if url.startswith("redis"):
        with judging(url, queue) as judged:
            yield judged
    else:
        server: RabbitServer = request.getfixturevalue("rabbitmq_server")
        with managing(server, queue) as management, judging(url, queue, management=management) as judged:
            yield judged


def test_full_slots_that_finish_nothing_are_the_cause_until_the_worker_freezes(
    url: str, name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    end = tmp_path / "end"
    with (
        Application(url, name, pool="prefork", slots=SLOTS) as worker,
        judging_at(url, name, request) as judged,
    ):
        worker.send(tmp_path / "runs", end, count=4 * SLOTS)

        held = judged.await_cause("slots_held")
        worker.pause()
        silent = judged.await_cause("worker_silent")
        worker.resume()
        end.touch()

    assert held.level is Level.BAD
    assert (held.facts["busy"], held.facts["slots"]) == (SLOTS, SLOTS)
    assert str(silent.facts["worker"]).endswith("@test")


def test_workers_of_another_queue_are_named_and_then_those_that_are_handed_less_than_they_have_slots(
    url: str, name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    other, end = f"other-{uuid4().hex}", tmp_path / "end"
    with (
        Application(url, other, pool="prefork", slots=SLOTS) as worker,
        judging_at(url, name, request) as judged,
    ):
        worker.send(tmp_path / "runs", end, count=4, queue=name)

        elsewhere = judged.await_cause("other_queue")
        worker.hand_out(1)
        worker.tell("add_consumer", queue=name)
        held_back = judged.await_cause("prefetch_low")
        end.touch()

    assert elsewhere.facts == {"queue": name, "consumed": other}
    assert held_back.facts == {"prefetch": 1, "slots": SLOTS}


def test_a_worker_that_rabbitmq_hands_less_than_it_believes_is_told_by_what_it_holds(
    rabbitmq_server: RabbitServer, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_causes, "COUNTED_S", 3.0)
    end = tmp_path / "end"
    with (
        Application(rabbitmq_server.url, name, pool="prefork", slots=SLOTS) as worker,
        managing(rabbitmq_server, name) as management,
        judging(rabbitmq_server.url, name, management=management) as judged,
    ):
        worker.hand_out(1, is_known=False)
        worker.send(tmp_path / "runs", end, count=4)

        held_back = judged.await_cause("prefetch_low")
        end.touch()

    assert held_back.facts == {"prefetch": 1, "slots": SLOTS}


def test_an_alarm_of_rabbitmq_is_told_as_what_blocks_publishers(
    rabbitmq_server: RabbitServer, name: str, channel: amqp.Channel
) -> None:
    channel.queue_declare(name, auto_delete=False)
    channel.basic_consume(name)
    with (
        managing(rabbitmq_server, name) as management,
        judging(rabbitmq_server.url, name, management=management) as judged,
    ):
        rabbitmq_server.ctl("set_vm_memory_high_watermark", "absolute", "1")
        try:
            cause = judged.await_cause("alarm_memory")
        finally:
            rabbitmq_server.ctl("set_vm_memory_high_watermark", "0.4")

    assert cause.level is Level.ATTENTION


def test_failing_tasks_are_told_by_task_share_and_class(redis_url: str) -> None:
    listener = EventListener(redis_url, BrokerOptions())
    listener.start()
    try:
        with (
            Application(redis_url, "dispatch", {"worker_send_task_events": True}) as worker,
            judging(redis_url, "dispatch", listener=listener) as judged,
        ):
            worker.run("[a.fail.delay('no gateway') for _ in range(3)]")

            cause = judged.await_cause("tasks_fail_percent_kind")
    finally:
        listener.stop()

    assert cause.facts == {"task": "fail", "percent": 100, "kind": "ValueError"}
