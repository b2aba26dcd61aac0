"""Tells that the collector ends again and again, which a process that the kernel kills for its memory cannot do itself.

The page would say that the collector is silent, and nothing of why. The next start knows that there were others. It
does not know who has ended them: the kernel, or the collector's own watchdog.
"""

import logging
from contextlib import suppress

from redis import Redis

from collector.worker.watchdog import STALLED_CODE
from store import keys
from store.errors import StoreUnavailable
from store.starts import count_start, forget_starts

logger = logging.getLogger(__name__)

TELL_FROM = 3
"""Starts within `keys.STARTS_S`, none of them after an end in good order."""


def note_start(client: "Redis", host: str) -> None:
    """Count a start, and tell of it where it is one of too many. Without Redis nothing is known, nor could be told."""
    with suppress(StoreUnavailable):
        starts = count_start(client, host)
        if starts >= TELL_FROM:
            logger.critical(
                "this collector was started %d times within %d minutes and never ended in good order: either it is "
                "killed, as by the kernel at a memory limit (docker inspect: OOMKilled; dmesg), or it took no ticks "
                "and ended itself (exit code %d; its log says so)",
                starts,
                keys.STARTS_S // 60,
                STALLED_CODE,
            )


def note_end(client: "Redis", host: str) -> None:
    """An end in good order."""
    with suppress(StoreUnavailable):
        forget_starts(client, host)
