"""gunicorn.conf.py, plus a record of every stretch in which the event loop polled no socket; for `bench.login`.

In CPU time, which does not depend on other load. Writes STRETCHES, a list of seconds as JSON, every second.
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
    """Start as in production, then record."""
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

    worker.looks = gevent.get_hub().loop.check()  # libev calls it each time the loop has polled its sockets.
    worker.looks.start(note)
    gevent.spawn(write)
