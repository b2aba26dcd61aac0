"""The scheduled jobs, each a few lines: read, then write."""

import logging
from functools import cache

from celery import current_app, shared_task
from celery.signals import worker_ready

from collector.monitor import Probes, SystemMonitor
from collector.probes.containers import ContainersProbe
from collector.probes.database import DatabaseProbe
from collector.probes.management import open_management
from collector.probes.queues import QueueWatch
from collector.probes.resources import ResourcesProbe
from collector.probes.worker import WorkerProbe
from collector.store.errors import StoreUnavailable
from collector.store.live import LiveStore, redis_client
from collector.watchdog import Watchdog, end_process
from settings import VERSION, Settings, load_settings

logger = logging.getLogger(__name__)

CLAIM_INTERVALS = 3.5
"""How long a slot stays claimed: longer than a tick may be late, which expires after three intervals."""


@shared_task(name="collector.sample")
def sample() -> None:
    """Take one sample and write it. The next tick is the retry: a sample is worth nothing later."""
    _watchdog().feed()
    try:
        _store().append(_monitor().sample(), claim_s=CLAIM_INTERVALS * load_settings().sample_interval_s)
    except StoreUnavailable as exc:
        logger.warning("sample lost: %s", exc)


@worker_ready.connect
def watch_over_ticks(**_: object) -> None:
    """Start the watchdog in the process that runs the ticks."""
    _watchdog().start()


# Made when first needed, in the process that runs the ticks.
@cache
def _watchdog() -> Watchdog:
    interval_s, queue = load_settings().sample_interval_s, current_app.conf.task_default_queue
    return Watchdog(interval_s=interval_s, count_waiting=lambda: _store().list_length(queue), bark=end_process)


@cache
def _store() -> LiveStore:
    return LiveStore(redis_client(load_settings().redis_url))


@cache
def _monitor() -> SystemMonitor:
    settings = load_settings()
    return SystemMonitor(
        host=settings.monitor_host,
        interval_s=settings.sample_interval_s,
        version=VERSION,
        probes=_open_probes(settings),
    )


def _open_probes(settings: Settings) -> Probes:
    url, names = settings.monitored_broker_url, settings.watched_queues
    management = open_management(settings.rabbitmq_management_url, url, names)
    watch = QueueWatch(url, names, management=management) if url else None
    worker = WorkerProbe(url, names)
    if management:
        management.start()
    if watch:
        watch.start()
        worker.start()
    return Probes(
        resources=ResourcesProbe(host_proc=settings.host_proc).read,
        database=DatabaseProbe(settings.monitored_database_url or settings.database_url).read,
        queues=lambda: watch.take() if watch else None,
        worker=worker.read,
        containers=ContainersProbe(_store(), settings.monitor_host).read,
    )
