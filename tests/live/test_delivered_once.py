"""The panel does not make a task that outlasts kombu's default `visibility_timeout` be delivered again."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from collector.probes.broker.queues import QueueWatch
from collector.probes.workers.inspect_backoff import InspectTimes
from collector.probes.workers.worker import WorkerProbe
from settings.broker_options import BrokerOptions
from tests.celery_application import Application
from tests.process import PATIENCE_S
from tests.services import wait_until

pytestmark = pytest.mark.live

REQUESTS = 30
"""kombu restores messages at every tenth of its polls for an answer."""


@contextmanager
def watched(url: str) -> Iterator[WorkerProbe]:
    watch = QueueWatch(url, ["dispatch"], read_interval_s=0.05)
    probe = WorkerProbe(
        url,
        ["dispatch"],
        options=BrokerOptions(),
        times=InspectTimes(interval_s=0.05, retry_s=0.05, silent_cap_s=0.05, never_answered_cap_s=0.05, timeout_s=0.05),
    )
    watch.start()
    probe.start()
    try:
        yield probe
    finally:
        probe.stop()
        watch.stop()


def test_a_long_task_runs_once_while_the_panel_watches(redis_url: str, tmp_path: Path) -> None:
    runs, until = tmp_path / "runs", tmp_path / "until"
    settings = {"broker_transport_options": {"visibility_timeout": 43200}}
    with (
        Application(redis_url, "dispatch", settings, pool="prefork") as worker,
        Application(redis_url, "dispatch", settings, pool="prefork"),
        redis.Redis.from_url(redis_url) as client,
    ):
        worker.send(runs, until)
        wait_until(runs.exists, what="the task runs")
        [(tag, score)] = client.zrange("unacked_index", 0, -1, withscores=True)
        lowered = client.zincrby("unacked_index", -3700, tag)  # As if it had begun 3700 s ago.
        with watched(redis_url), client.pubsub() as heard:
            heard.psubscribe("*.celery.pidbox")
            for _ in range(1 + REQUESTS):
                assert heard.get_message(timeout=PATIENCE_S)
        held = client.zrange("unacked_index", 0, -1, withscores=True)
        until.touch()
        wait_until(lambda: client.zcard("unacked_index") == 0, what="the task has ended")

        assert held == [(tag, lowered)] != [(tag, score)]
        assert runs.read_text().splitlines() == ["run"]
