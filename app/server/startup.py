"""What the web process checks and starts besides serving: `prepare` in gunicorn's master, `start` in its worker."""

import gc
import logging
import resource
import sys
from typing import Any

from settings import Settings, end_with
from store.errors import Refusal, StoreUnavailable

SPARE_FILES = 200
"""Open files besides streams and requests: Redis, the database, logs."""


def prepare(config: Any, settings: Settings) -> None:
    """Before gunicorn listens: refuse to start without a secret or with TLS, and make room for the streams.

    `config`: gunicorn's. Raises: SystemExit.
    """
    if config.is_ssl:
        sys.exit("TLS ends at the proxy, not here: streams are written straight to their sockets (deploy/nginx.conf).")
    if settings.secret_key is None:
        sys.exit("SECRET_KEY must be set, to at least 32 random characters: it signs the forms' CSRF tokens.")
    _raise_open_files_limit(settings.max_streams + config.worker_connections + SPARE_FILES)


def start(worker: Any, settings: Settings) -> None:
    """Start what runs beside the requests, after gevent has patched: reader, hub, watches, audit, logs.

    Raises: SystemExit when Redis is too old.
    """
    parts = worker.wsgi.extensions
    _set_up_logging(settings)
    _refuse_old_redis(parts["store"])
    # A viewer is hundreds of objects in no cycle. Python's cycle collector would walk all of them again and again, for
    # 50 ms at a thousand viewers, while everybody waits; what is loaded by now stays anyway.
    gc.freeze()
    gc.set_threshold(10_000, 20, 1000)
    for name in ("reader", "hub", "access", "audit", "refusal"):
        parts[name].start(lambda: worker.alive)
    parts["hub"].wait_for_past()  # Before the first request: `/healthz` would say that there is no sample.
    if settings.monitor_container:
        _report_container(settings.monitor_container, settings)


def _raise_open_files_limit(wanted: int) -> None:
    """Raise the limit as far as the system allows: a stream is a file, and a shell's limit is often 1024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))


def _set_up_logging(settings: Settings) -> None:
    """Log to stderr, and what is grave to the panel as well."""
    from collector.logs import CriticalLogHandler  # noqa: PLC0415  The master imports this module and does without.

    # Python writes to stderr by itself only while no handler is attached.
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler = CriticalLogHandler(settings.redis_url, "web", settings.monitor_host)
    logging.getLogger().addHandler(handler)
    logging.getLogger("gunicorn.error").addHandler(handler)


def _refuse_old_redis(store: Any) -> None:
    """End the program where Redis answers and is too old. A Redis that does not answer yet may still come."""
    try:
        store.check_version()
    except StoreUnavailable as exc:
        if exc.refusal is Refusal.OLD:
            end_with(str(exc))


def _report_container(name: str, settings: Settings) -> None:
    import collector.report  # noqa: PLC0415  It loads psutil, which only a process that reports needs.

    collector.report.start(
        name,
        redis_url=settings.redis_url,
        host=settings.monitor_host,
        interval_s=settings.sample_interval_s,
    )
