"""Celery's scheduled jobs, and the wiring of what they use."""

import logging
import time
from functools import cache, partial

from celery import current_app, shared_task
from celery.signals import worker_init, worker_ready, worker_shutdown
from celery.worker import state
from redis import Redis

from collector.beat import thread as own_beat
from collector.probes.broker.management import open_management
from collector.probes.broker.queues import QueueWatch
from collector.probes.database import DatabaseProbe
from collector.probes.events.failure_log import FailureLog
from collector.probes.events.listener import EventListener
from collector.probes.failures import FailuresProbe
from collector.probes.resources.containers import ContainersProbe
from collector.probes.resources.resources import ResourcesProbe
from collector.probes.workers.worker import WorkerProbe
from collector.sampling.background_probe import BackgroundProbe
from collector.sampling.marks import PreviousSample, parse_previous
from collector.sampling.monitor import Probes, SystemMonitor
from collector.sampling.rollup import RollUp
from collector.sampling.sample_writer import SampleWriter
from collector.worker import restarts
from collector.worker.watchdog import Watchdog, end_process
from collector.workload.tables import WorkerTables
from settings import VERSION, Settings, load_settings
from settings.broker_url import trusting
from store.database import make_engine
from store.errors import BadEntry, StoreUnavailable
from store.history.history import History
from store.logs.log_store import LogStore
from store.samples.append import make_instance
from store.samples.live import LiveStore, redis_client
from store.samples.reports import ReportStore
from store.samples.wire import parse_wire

logger = logging.getLogger(__name__)

HISTORY_TIMEOUT_S = 2.0
"""Timeout of SQLite's write lock, or of a PostgreSQL statement, for writing history."""


@shared_task(name="collector.sample")
def sample() -> None:
    """Take one sample and write it. A failed write is not retried: the next tick takes a newer sample."""
    _watchdog().feed()
    monitor = _monitor()
    taken = monitor.sample()
    try:
        is_written = _writer().write(taken, _due_tables())
    except StoreUnavailable as exc:
        logger.warning("sample lost: %s", exc)
        is_written = False
    if is_written:
        monitor.written(taken)
    else:
        monitor.lost()
    _log_failures()
    _writer().stand_by(feed=_watchdog().feed, is_ending=_is_ending)


@shared_task(name="collector.roll_up")
def roll_up() -> None:
    """Start writing closed minutes to SQL. Returns at once; the next run is the retry."""
    _history_roll_up().start()


@worker_init.connect
def note_start(**_: object) -> None:
    """Count this start; warn about too many."""
    restarts.note_start(_redis(), _settings().monitor_host)


@worker_shutdown.connect
def note_end(**_: object) -> None:
    """Note that this process ends in good order."""
    restarts.note_end(_redis(), _settings().monitor_host)


@worker_ready.connect
def watch_over_ticks(**_: object) -> None:
    """Start the watchdog in the process that runs the ticks, and announce the process."""
    _watchdog().start()
    _writer().announce()


# Each is built at first use, in the process that runs the ticks.
@cache
def _settings() -> Settings:
    return load_settings()


@cache
def _watchdog() -> Watchdog:
    interval_s, queue = _settings().sample_interval_s, current_app.conf.task_default_queue
    due = partial(own_beat.count_due, _store(), queue)
    return Watchdog(interval_s=interval_s, count_waiting=due, bark=end_process)


@cache
def _redis() -> Redis:
    return redis_client(_settings().redis_url)


@cache
def _store() -> LiveStore:
    return LiveStore(_redis(), instance=make_instance())


@cache
def _writer() -> SampleWriter:
    return SampleWriter(_store(), host=_settings().monitor_host, interval_s=_settings().sample_interval_s)


def _is_ending() -> bool:
    """Whether the worker was told to end; it does so after the current task."""
    return any(told is not None and told is not False for told in (state.should_stop, state.should_terminate))


@cache
def _monitor() -> SystemMonitor:
    settings = _settings()
    return SystemMonitor(
        host=settings.monitor_host,
        interval_s=settings.sample_interval_s,
        version=VERSION,
        probes=_open_probes(settings),
        stuck_s=settings.stuck_after_s,
    )


@cache
def _listener() -> EventListener | None:
    """Started at first use; None when no broker is watched, or nobody wants to listen."""
    settings = _settings()
    url = trusting(settings.watched_broker_url, settings.watched_ca_certificates)
    if url is None or not settings.listen_to_events:
        return None
    listener = EventListener(url, settings.watched_broker_options, exchange=settings.watched_event_exchange)
    listener.start()
    return listener


@cache
def _failure_log() -> FailureLog | None:
    listener = _listener()
    return None if listener is None else FailureLog(LogStore(_redis()), listener, host=_settings().monitor_host)


@cache
def _failure_writer(failure_log: FailureLog) -> BackgroundProbe[None]:
    """In the background, since it waits for Redis."""
    return BackgroundProbe("failures", failure_log.write, when_stuck=None, when_failed=None)


def _log_failures() -> None:
    """Start writing failed tasks among the logs. Returns at once."""
    failure_log = _failure_log()
    if failure_log is not None and failure_log.is_due():
        _failure_writer(failure_log).start()


@cache
def _history_roll_up() -> BackgroundProbe[None]:
    """In the background, since it waits for databases and a tick must not."""
    settings = _settings()
    # No SQLite file is created: on a second host without the panel's URL nobody would read it.
    engine = make_engine(settings.database_url, timeout_s=HISTORY_TIMEOUT_S, may_create=False)
    rolling = RollUp(_store(), History(engine), host=settings.monitor_host, days=settings.history_days)
    return BackgroundProbe("history", rolling.run, when_stuck=None, when_failed=None)


def _due_tables() -> bytes:
    """The workers' tables as JSON where this tick stores them; else b""."""
    tables = _tables()
    return tables.workload(time.monotonic()).to_json() if tables.is_due() else b""


@cache
def _worker() -> WorkerProbe:
    settings = _settings()
    url = trusting(settings.watched_broker_url, settings.watched_ca_certificates)
    options = settings.watched_broker_options
    return WorkerProbe(
        url, settings.watched_queues, options=options, asks=settings.ask_workers, stuck_s=settings.stuck_after_s
    )


@cache
def _tables() -> WorkerTables:
    settings = _settings()
    return WorkerTables(
        settings.watched_queues,
        asked=_worker().inspector,
        listener=_listener(),
        interval_s=settings.sample_interval_s,
    )


def _open_probes(settings: Settings) -> Probes:
    names, certificates = settings.watched_queues, settings.watched_ca_certificates
    url = trusting(settings.watched_broker_url, certificates)
    api_url = trusting(settings.rabbitmq_management_url, certificates)
    management = open_management(api_url, url, names)
    options = settings.watched_broker_options
    watch = QueueWatch(url, names, options=options, management=management) if url else None
    worker = _worker()
    if management:
        management.start()
    if watch:
        watch.start()
        worker.start()
    return Probes(
        resources=ResourcesProbe(host_proc=settings.host_proc).read,
        database=DatabaseProbe(settings.watched_database_url or settings.database_url).read,
        queues=lambda: watch.take() if watch else None,
        worker=worker.read,
        inspection=worker.inspection,
        containers=ContainersProbe(ReportStore(_redis()), settings.monitor_host).read,
        previous=lambda: _read_previous(settings.monitor_host),
        crew=lambda: _tables().crew(time.monotonic()),
        troubles=lambda: _store().standing.troubles,
        failures=FailuresProbe(_store(), LogStore(_redis()), settings.monitor_host).read,
        workload=lambda: _tables().workload(time.monotonic()),
    )


def _read_previous(host: str) -> PreviousSample:
    entry = _store().newest_of(host)
    try:
        return parse_previous(parse_wire(entry.sample) if entry else None)
    except BadEntry:
        return PreviousSample()
