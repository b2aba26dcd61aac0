"""The worker probe with real Celery workers on a real Redis."""

import pytest
import redis

from collector.probes.broker.queues import QueueWatch
from collector.probes.workers.inspect_backoff import InspectTimes
from collector.probes.workers.worker import WorkerProbe
from store.samples.model import Check, Status
from tests.celery_application import Application
from tests.process import PATIENCE_S
from tests.services import CeleryWorker, wait_until
from tests.worker_probe import ONLINE, await_reason, await_verdict, probing, send

pytestmark = pytest.mark.live

PING_SILENT = Check(status=Status.UNKNOWN, reason="ping_silent")
NOBODY_LISTENS = Check(status=Status.UNKNOWN, reason="nobody_listens")


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


def test_a_worker_of_another_queue_does_not_count(redis_url: str) -> None:
    with CeleryWorker(redis_url, "elsewhere"), probing(redis_url, "dispatch") as (watch, probe):
        await_verdict(watch, probe, Check(status=Status.UNKNOWN, reason="none_serves"), 5)


def test_with_asking_turned_off_the_workers_are_judged_by_departures_and_nothing_is_published(redis_url: str) -> None:
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


def test_a_worker_that_accepts_only_pickle_is_asked_less_and_less_often_and_reported_silent(redis_url: str) -> None:
    settings = {"accept_content": ["pickle"], "task_serializer": "pickle"}
    with (
        Application(redis_url, "dispatch", settings) as worker,
        probing(redis_url, "dispatch", times=InspectTimes(retry_s=0.05)) as (watch, probe),
    ):
        await_verdict(watch, probe, PING_SILENT, PATIENCE_S)
        wait_until(lambda: worker.log.read_text().count("Can't decode message body") == 3, what="it was asked thrice")
        assert probe._inspector is not None
        assert probe._inspector._backoff._never_answered.next_s() >= 0.05 * 4**2
