"""gunicorn.conf.py, and a note of every stretch in which the event loop looked at no socket; for `bench.login`.

In CPU time, which is the same on a busy machine. Written to STRETCHES, as JSON (s), whenever a second is over.
"""

import json
import os
import time
from pathlib import Path
from runpy import run_path
from typing import Any

import gevent

_ours = run_path(str(Path(__file__).parents[1] / "gunicorn.conf.py"))
globals().update({name: value for name, value in _ours.items() if not name.startswith("_")})


def post_worker_init(worker: Any) -> None:
    """As ours, then watch."""
    _ours["post_worker_init"](worker)
    stretches_s: list[float] = []
    last_s = time.thread_time()

    def note() -> None:
        nonlocal last_s
        now_s = time.thread_time()
        stretches_s.append(now_s - last_s)
        last_s = now_s

    def write() -> None:
        while True:
            gevent.sleep(1)
            Path(os.environ["STRETCHES"]).write_text(json.dumps(stretches_s))

    worker.looks = gevent.get_hub().loop.check()  # Called each time that the loop has waited for its sockets.
    worker.looks.start(note)
    gevent.spawn(write)
