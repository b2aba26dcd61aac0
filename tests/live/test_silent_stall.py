"""The collector's own process, alive and consuming nothing."""

import os
import sys

import psutil
import pytest

from tests.process import PATIENCE_S
from tests.web import ROOT

pytestmark = pytest.mark.live


def test_a_collector_that_takes_no_ticks_ends_so_that_it_is_started_anew(redis_url, tmp_path):
    environ = {
        **os.environ,
        "REDIS_URL": redis_url,
        "DATABASE_URL": f"sqlite:///{tmp_path}/none.sqlite3",
        "MONITOR_HOST": "stalled",
        "SAMPLE_INTERVAL_S": "0.2",
        "PYTHONPATH": str(ROOT),
    }
    celery = [sys.executable, "-m", "celery", "-A", "collector.celery_app"]
    beat = psutil.Popen([*celery, "beat", "--pidfile="], env=environ, cwd=tmp_path)
    # A queue that nobody fills stands for a consumer that has silently lost its own.
    collector = psutil.Popen([*celery, "worker", "-Q", "another"], env=environ, cwd=tmp_path)
    try:
        assert collector.wait(PATIENCE_S) == 70
    finally:
        for process in (beat, collector):
            if process.is_running():
                process.kill()
            process.wait(PATIENCE_S)
