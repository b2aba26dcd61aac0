"""Beat and collector as processes, together or apart, as many of them as a test wants."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from tests.process import PATIENCE_S
from tests.web import ROOT

HOST = "web-1"
INTERVAL_S = 0.5

CELERY = ("celery", "-A", "collector.celery_app")
"""As in production."""


@contextmanager
def running(
    *command: str, redis_url: str, directory: Path, database_url: str = "", log: str = "log", **more: str
) -> Iterator[psutil.Popen]:
    """`python -m command` until the end of the block. It appends what it logs to `log` in `directory`.

    Without a `database_url` its history has nowhere to go.
    """
    environ = {
        **os.environ,
        "REDIS_URL": redis_url,
        "DATABASE_URL": database_url or f"sqlite:///{directory}/none.sqlite3",
        "MONITOR_HOST": HOST,
        "SAMPLE_INTERVAL_S": str(INTERVAL_S),
        "PYTHONPATH": str(ROOT),
        **more,
    }
    with (directory / log).open("ab") as written:
        process = psutil.Popen([sys.executable, "-m", *command], env=environ, cwd=directory, stderr=written)
        try:
            yield process
        finally:
            with suppress(psutil.NoSuchProcess):
                process.kill()
            process.wait(PATIENCE_S)


@contextmanager
def collector(
    redis_url: str, database_url: str, directory: Path, *, log: str = "log", **more: str
) -> Iterator[psutil.Popen]:
    """Beat and collector in one process."""
    where = {"redis_url": redis_url, "database_url": database_url, "directory": directory, "log": log}
    with running("collector", "worker", "--beat", **where, **more) as process:
        yield process
