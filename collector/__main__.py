"""Celery's two programs of the panel: `python -m collector beat` and `worker`; `worker --beat` is both in one process.

`celery -A collector.celery_app beat|worker` does the same, but Celery's command line brings twenty other commands and a
prompt toolkit with it: 11 MB in each process, for good. Its own `worker --beat` starts a second process.
"""

import sys
from typing import Any

from celery import signals

from collector.beat import thread as own_beat
from collector.celery_app import celery


def main(name: str, *, with_beat: bool = False) -> int:
    """Run `beat` or `worker` until a signal ends it. Returns the exit code."""
    if name == "beat":
        celery.Beat().run()
        return 0
    if with_beat:
        signals.worker_ready.connect(_start_beat)
    worker = celery.Worker(without_gossip=True, without_mingle=True, without_heartbeat=True)
    worker.start()
    return worker.exitcode or 0


def _start_beat(**_: Any) -> None:
    own_beat.start(celery)


if __name__ == "__main__":
    if sys.argv[1:] not in (["beat"], ["worker"], ["worker", "--beat"]):
        sys.exit("usage: python -m collector beat|worker [--beat]")
    sys.exit(main(sys.argv[1], with_beat="--beat" in sys.argv))
