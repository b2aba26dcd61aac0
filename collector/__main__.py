"""Celery's two programs of the panel: `python -m collector beat` and `python -m collector worker`.

`celery -A collector.celery_app beat|worker` does the same, but Celery's command line brings twenty other commands and a
prompt toolkit with it: 11 MB in each process, for good.
"""

import sys

from collector.celery_app import celery


def main(name: str) -> int:
    """Run `beat` or `worker` until it is told to end; its exit code."""
    if name == "beat":
        celery.Beat().run()
        return 0
    worker = celery.Worker(without_gossip=True, without_mingle=True, without_heartbeat=True)
    worker.start()
    return worker.exitcode or 0


if __name__ == "__main__":
    if sys.argv[1:] not in (["beat"], ["worker"]):
        sys.exit("usage: python -m collector beat|worker")
    sys.exit(main(sys.argv[1]))
