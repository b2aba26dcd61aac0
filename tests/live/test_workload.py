"""The workers' tables, joined from the answers and heartbeats of a real worker."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from collector.probes.events.listener import EventListener
from collector.probes.workers.inspect_backoff import InspectTimes
from collector.probes.workers.worker_inspect import WorkerInspector
from collector.workload.tables import WorkerTables
from settings.broker_options import BrokerOptions
from store.samples.workload import Crew
from tests.celery_application import Application
from tests.process import wait_until

pytestmark = pytest.mark.live

QUEUE = "workload"


@contextmanager
def knowing(url: str) -> Iterator[WorkerTables]:
    inspector = WorkerInspector(url, [QUEUE], BrokerOptions(), InspectTimes(interval_s=0.2, retry_s=0.1))
    listener = EventListener(url, BrokerOptions())
    inspector.follow(0, is_worthwhile=True)
    inspector.start()
    listener.start()
    try:
        yield WorkerTables([QUEUE], asked=inspector, listener=listener, interval_s=3.0)
    finally:
        listener.stop()
        inspector.stop()


@pytest.mark.parametrize("broker", ["redis", "rabbitmq"])
def test_slots_busy_ones_and_the_age_of_the_task_are_those_of_the_worker(
    broker: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = request.getfixturevalue("redis_url") if broker == "redis" else request.getfixturevalue("rabbitmq_server").url
    runs, until = tmp_path / "runs", tmp_path / "until"
    with Application(url, QUEUE, pool="prefork") as worker, knowing(url) as tables:

        def crew() -> Crew:
            return tables.crew(time.monotonic()) or Crew(workers=0)

        wait_until(lambda: (crew().slots, crew().busy) == (1, 0), what="the idle worker is known")
        sent_s = time.monotonic()
        worker.send(runs, until)
        wait_until(lambda: crew().busy == 1 and (crew().oldest_s or 0) >= 2, what="the slot is busy")
        known = crew()
        assert known.oldest_s is not None
        assert known.oldest_s <= round(time.monotonic() - sent_s, 1), "it is told as at least so old"
        assert (known.workers, known.silent, known.usable) == (1, 0, 1)
        until.touch()
        wait_until(lambda: crew().busy == 0, what="the slot is free again")
        assert crew().oldest_s is None
        assert worker.trouble() == []


def test_a_worker_that_was_killed_is_gone_once_redis_has_lost_it(redis_url: str) -> None:
    with Application(redis_url, QUEUE, pool="prefork") as worker, knowing(redis_url) as tables:
        wait_until(lambda: (crew := tables.crew(time.monotonic())) and crew.slots == 1, what="the worker is known")
        worker.kill9()
        wait_until(
            lambda: (crew := tables.crew(time.monotonic())) and (crew.workers, crew.slots) == (0, 0),
            what="nobody is there",
        )
        [row] = tables.workload(time.monotonic()).workers
        assert (row.slots, row.busy) == (1, None)
