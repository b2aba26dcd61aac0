"""Samples while RabbitMQ is in alarm, hangs, is killed and comes back: each is on time and true."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from collector.sampling.monitor import SystemMonitor
from store.samples.model import Queue, QueueState, Sample, Status
from tests.promises import Promise
from tests.rabbitmq_sampling import monitoring
from tests.services import CeleryWorker, RabbitServer, wait_until

pytestmark = pytest.mark.live

QUEUE = "dispatch"


class Samples:
    """Takes samples one after the other, each before the next one is due."""

    def __init__(self, monitor: SystemMonitor) -> None:
        self._monitor = monitor

    def until(self, is_wanted: Callable[[Sample], object], what: str) -> Sample:
        """The first sample that is as wanted."""
        samples: list[Sample] = []

        def take() -> object:
            with Promise.TICK.kept():
                samples.append(self._monitor.sample())
            return is_wanted(samples[-1])

        wait_until(take, what=what)
        return samples[-1]

    def until_rabbitmq(self, status: Status, reason: str | None) -> Sample:
        """The first sample in which RabbitMQ has this status, within the time promised for a fault to show."""
        with Promise.FAULT_SHOWS.kept():
            return self.until(
                lambda sample: (sample.checks["rabbitmq"].status, sample.checks["rabbitmq"].reason) == (status, reason),
                f"RabbitMQ is {status}, {reason}",
            )


@pytest.mark.timeout(240)  # RabbitMQ is started twice.
def test_no_outage_delays_a_sample_and_each_shows_within_nine_seconds(caplog: pytest.LogCaptureFixture) -> None:
    with RabbitServer() as server, CeleryWorker(server.url, QUEUE), monitoring(server, QUEUE) as monitor:
        samples = Samples(monitor)
        samples.until(lambda sample: sample.checks["worker"].status == Status.ONLINE, "the worker consumes")
        samples.until_rabbitmq(Status.ONLINE, None)

        server.ctl("set_vm_memory_high_watermark", "absolute", "1")
        alarmed = samples.until_rabbitmq(Status.DEGRADED, "alarm_memory")
        server.ctl("set_vm_memory_high_watermark", "0.4")
        server.ctl("set_disk_free_limit", "1000000GB")
        samples.until_rabbitmq(Status.DEGRADED, "alarm_disk")
        server.ctl("set_disk_free_limit", "1MB")
        samples.until_rabbitmq(Status.ONLINE, None)

        server.pause()
        hanging = samples.until_rabbitmq(Status.OFFLINE, "timeout")
        server.resume()
        samples.until_rabbitmq(Status.ONLINE, None)

        server.kill9()
        dead = samples.until_rabbitmq(Status.OFFLINE, "refused")
        server.start()
        back = samples.until_rabbitmq(Status.ONLINE, None)
        samples.until(lambda sample: sample.checks["worker"].status == Status.ONLINE, "the worker is back")

    unknown = [Queue(name=QUEUE, state=QueueState.UNKNOWN)]
    assert (alarmed.checks["worker"].status, alarmed.queues[0].state) == (Status.ONLINE, QueueState.OK)
    assert (hanging.queue_size, hanging.checks["worker"].reason) == (None, "broker_down")
    assert [replace(queue, peak=None) for queue in hanging.queues] == unknown
    assert (dead.queue_size, dead.checks["worker"].reason) == (None, "broker_down")
    assert [replace(queue, peak=None) for queue in dead.queues] == unknown
    assert back.checks["rabbitmq"].latency_ms is not None
    assert server.password not in caplog.text
    assert str(server.port) not in caplog.text
