"""Beat and collector in one process, as many of them as a test wants."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from tests.web import ROOT

HOST = "web-1"
INTERVAL_S = 0.5


@contextmanager
def collector(
    redis_url: str, database_url: str, directory: Path, *, log: str = "log", **more: str
) -> Iterator[psutil.Popen]:
    """One that runs until the end of the block, and writes its log into `directory`."""
    environ = {
        **os.environ,
        "REDIS_URL": redis_url,
        "DATABASE_URL": database_url,
        "MONITOR_HOST": HOST,
        "SAMPLE_INTERVAL_S": str(INTERVAL_S),
        "PYTHONPATH": str(ROOT),
        **more,
    }
    command = [sys.executable, "-m", "collector", "worker", "--beat"]
    with (directory / log).open("wb") as written:
        process = psutil.Popen(command, env=environ, cwd=directory, stderr=written)
        try:
            yield process
        finally:
            with suppress(psutil.NoSuchProcess):
                process.kill()
            process.wait(5)
