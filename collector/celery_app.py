"""Builds the Celery app, for `python -m collector` and for `celery -A collector.celery_app worker|beat`."""

import logging
from typing import Any

from celery import Celery, signals
from celery.app.amqp import AMQP
from kombu.connection import Connection

from collector.beat import thread as own_beat
from collector.logs import CriticalLogHandler, watch_task_failures
from collector.worker.transport import CarefulTransport
from settings import end_with, settings_of_program
from store.connection import redis_client
from store.errors import Refusal, StoreUnavailable
from store.redis_version import check_version


class SteadyConnection(Connection):
    """Retries every 2 s without end, and refuses what is no tick.

    kombu's own pauses grow to 30 s: it would find a Redis that is back after a minute that late.
    """

    def ensure_connection(self, *arguments: Any, **options: Any) -> Connection:
        """Connect; see kombu."""
        super().ensure_connection(*arguments, **{"interval_step": 0, **options})  # type: ignore[no-untyped-call]
        return self

    def get_transport_cls(self) -> type[CarefulTransport]:
        """The panel's broker is Redis, whatever the URL's scheme."""
        return CarefulTransport


class _SteadyAmqp(AMQP):
    Connection = SteadyConnection


celery = Celery("collector", amqp=_SteadyAmqp)
celery.config_from_object("celeryconfig")


@signals.setup_logging.connect
def set_up_logging(**_: object) -> None:
    """Our own format on stderr; Celery's would log a line for each of 28,800 ticks a day."""
    logging.basicConfig(level=settings_of_program().log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("celery.beat").setLevel(logging.WARNING)
    logging.getLogger("celery.worker.strategy").setLevel(logging.WARNING)
    logging.getLogger("celery.app.trace").setLevel(logging.WARNING)


@signals.beat_init.connect
@signals.celeryd_init.connect
def refuse_old_redis(**_: object) -> None:
    """End with a sentence if the panel's Redis answers and is too old. One that does not answer may still come."""
    if own_beat.is_this_thread():
        return
    with redis_client(settings_of_program().redis_url) as client:
        try:
            check_version(client)
        except StoreUnavailable as exc:
            if exc.refusal is Refusal.OLD:
                end_with(str(exc))


@signals.celeryd_init.connect
def load_tasks(**_: object) -> None:
    """Load the tasks in the worker alone, not by Celery's `imports`: beat needs only their names, not the probes."""
    from collector import tasks  # noqa: F401, PLC0415


@signals.beat_init.connect
def send_logs_of_beat(**_: object) -> None:
    """Show beat's errors on the panel."""
    if not own_beat.is_this_thread():  # The collector's handler has it then.
        _send_logs("beat")


@signals.worker_init.connect
def send_logs_of_collector(**_: object) -> None:
    """Show the collector's errors and failed jobs on the panel."""
    watch_task_failures(_send_logs("collector"))


def _send_logs(service: str) -> CriticalLogHandler:
    set_up_logging()  # Celery would do it later, when Python's basicConfig does nothing: there is a handler by then.
    settings = settings_of_program()
    handler = CriticalLogHandler(settings.redis_url, service, settings.monitor_host)
    logging.getLogger().addHandler(handler)
    return handler


@signals.beat_init.connect
def report_container(**_: object) -> None:
    """Report beat's container in production. The collector's own is in its samples."""
    settings = settings_of_program()
    if settings.monitor_container and not own_beat.is_this_thread():
        from collector import report  # noqa: PLC0415  psutil is loaded only where it is wanted.

        report.start(
            settings.monitor_container,
            redis_url=settings.redis_url,
            host=settings.monitor_host,
            interval_s=settings.sample_interval_s,
        )
