"""Tells that the collector ends again and again, which a process that the kernel kills for its memory cannot do itself.

The page would say that the collector is silent, and nothing of why. The next start knows that there were others.
"""

import logging
from contextlib import suppress

from collector.store import keys
from collector.store.errors import StoreUnavailable
from collector.store.live import LiveStore

logger = logging.getLogger(__name__)

TELL_FROM = 3
"""Starts within `keys.STARTS_S`, none of them after an end in good order."""


def note_start(store: LiveStore, host: str) -> None:
    """Count a start, and tell of it where it is one of too many. Without Redis nothing is known, nor could be told."""
    with suppress(StoreUnavailable):
        starts = store.count_start(host)
        if starts >= TELL_FROM:
            logger.critical(
                "this collector was started %d times within %d minutes and never ended in good order: something kills "
                "it, as the kernel does at a memory limit (docker inspect: OOMKilled; dmesg)",
                starts,
                keys.STARTS_S // 60,
            )


def note_end(store: LiveStore, host: str) -> None:
    """An end in good order."""
    with suppress(StoreUnavailable):
        store.forget_starts(host)
