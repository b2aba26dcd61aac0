"""Beat as a thread of the collector: one process that loads Celery instead of two, which are 30 MB.

What it sends goes the same way, through Redis and the host's queue; so a second beat, in whatever process, is as
harmless as ever. When the thread ends, which it has no reason to, the process ends with it and is started anew.
"""

import logging
import threading

from celery import Celery
from celery.beat import Service

from collector.worker.watchdog import end_process
from store.samples.live import LiveStore

logger = logging.getLogger(__name__)

NAME = "beat"


def start(celery: Celery) -> None:
    """Send ticks from now on; returns at once."""
    threading.Thread(target=_run, args=(celery,), name=NAME, daemon=True).start()


def is_running() -> bool:
    """Whether this process sends its own ticks, so that one is due at every moment."""
    return any(thread.name == NAME for thread in threading.enumerate())


def count_due(store: LiveStore, queue: str) -> int:
    """Ticks that wait in the queue, and the one that this process owes if it runs its own beat.

    Raises: StoreUnavailable, also where Redis answers but takes nothing: then no tick is owed.
    """
    if not is_running():
        return store.list_length(queue)
    store.try_writing()
    return store.list_length(queue) + 1


def is_this_thread() -> bool:
    """Whether the caller is such a beat, and not a process of its own."""
    return threading.current_thread().name == NAME


def _run(celery: Celery) -> None:
    celery.set_current()
    try:
        Service(celery, scheduler_cls=celery.conf.beat_scheduler).start()
    except Exception:
        logger.exception("beat has failed")
    end_process("no ticks are sent any more")
