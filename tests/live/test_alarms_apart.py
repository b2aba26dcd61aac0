"""RabbitMQ's alarms are known whatever becomes of the requests for queues."""

import amqp
import pytest

from collector.probes.broker import management_paths
from collector.probes.broker.management import ManagementWatch
from store.samples.model import QueueState
from tests.queue_watch import await_queue, watching
from tests.services import RabbitServer, wait_until

pytestmark = pytest.mark.live


def test_two_hundred_long_names_are_asked_for_in_several_requests(
    rabbitmq_server: RabbitServer, channel: amqp.Channel, name: str
) -> None:
    names = [f"{name}-{number:03}-{'ç' * 100}" for number in range(200)]
    channel.queue_declare(names[0], auto_delete=False)
    channel.queue_declare(names[-1], auto_delete=False)
    watch = ManagementWatch(rabbitmq_server.management_url, rabbitmq_server.url, names, interval_s=0.3)
    watch.start()
    try:
        wait_until(lambda: (answer := watch.get()) and answer.figures and len(answer.figures) == 2)
    finally:
        watch.stop()


def test_a_request_for_queues_that_rabbitmq_refuses_hides_no_alarm_and_makes_no_queue_missing(
    rabbitmq_server: RabbitServer, channel: amqp.Channel, name: str,
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    monkeypatch.setattr(management_paths, "_NAMES_BYTES", 10**6)
    channel.queue_declare(name, auto_delete=False)
    names = [name, *(f"{number:03}".ljust(240, "x") for number in range(60))]
    management = ManagementWatch(rabbitmq_server.management_url, rabbitmq_server.url, names, interval_s=0.3)
    management.start()
    try:
        wait_until(management.get)
        answer = management.get()
        with watching(rabbitmq_server.url, name, management=management) as watch:
            queue = await_queue(watch, lambda queue: queue.state != QueueState.UNKNOWN)
    finally:
        management.stop()

    assert answer is not None
    assert (answer.figures, answer.alarm) == (None, None)
    assert "does not answer: status 414" in caplog.text
    assert queue.state == QueueState.OK
