"""Reports a collector that ends again and again. A process that the kernel kills for its memory cannot do so itself.

The page would only say that the collector is silent. The next start knows how many starts came before it. It does not
know what ended them: the kernel, or the collector's own watchdog.
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
"""Starts within `keys.STARTS_S`, none of them after an orderly end."""


def note_start(client: "Redis", host: str) -> None:
    """Count a start, and log it if there are too many. Without Redis nobody counts, and nobody could be told."""
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
    """Note an orderly end."""
    with suppress(StoreUnavailable):
        forget_starts(client, host)
