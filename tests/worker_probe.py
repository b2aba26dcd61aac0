"""A worker probe with the queue watch that it reads, on a real broker."""

from collections.abc import Iterator
from contextlib import contextmanager

from celery import Celery

from collector.probes.broker.management import ManagementWatch
from collector.probes.broker.queues import QueueWatch
from collector.probes.workers.inspect_backoff import InspectTimes
from collector.probes.workers.worker import WorkerProbe
from collector.probes.workers.worker_inspect import Inspection
from collector.probes.workers.worker_verdict import STUCK_S
from store.samples.model import Check, Status
from tests.services import RabbitServer, wait_until

ONLINE = Check(status=Status.ONLINE)
QUICK = InspectTimes(interval_s=0.5, retry_s=0.2, silent_cap_s=1.0, never_answered_cap_s=1.0, timeout_s=0.4)
"""Intervals short enough for a test."""


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
    """Send tasks that no worker knows; workers log and discard them."""
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


def inspection_of(watch: QueueWatch, probe: WorkerProbe) -> Inspection | None:
    probe.read(watch.take())
    assert probe._inspector is not None
    return probe._inspector.latest()
