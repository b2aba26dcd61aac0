"""Beat as a thread of the collector."""

import subprocess
import sys
import threading

from collector import own_beat
from tests.web import ROOT

PROGRAM = """
import threading
from celery import Celery
from collector import own_beat

class Broken:
    def __init__(self, *_, **__):
        raise RuntimeError("no schedule")

celery = Celery(broker="memory://")
celery.conf.beat_scheduler = Broken
own_beat.start(celery)
threading.Event().wait(20)
"""


def test_a_process_whose_beat_has_failed_ends_to_be_started_anew():
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, timeout=15, check=False
    )

    assert ended.returncode == 70
    assert "no ticks are sent any more: ending" in ended.stderr


def test_a_process_that_runs_its_own_beat_is_owed_a_tick():
    over = threading.Event()
    beat = threading.Thread(target=over.wait, name=own_beat.NAME)

    assert not own_beat.is_running()
    beat.start()
    assert own_beat.is_running()
    over.set()
    beat.join()
    assert not own_beat.is_running()
