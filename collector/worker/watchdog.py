"""Ends the collector when it is alive but takes no ticks, so that its process manager starts it anew.

A worker can lose its broker connection in ways it does not notice: the process runs, Redis answers, ticks pile up and
nothing is consumed (celery issues 8030, 9054, 10205, 10502). No reconnect logic inside can be trusted to find that out;
a fresh process does.
"""

import logging
import os
import threading
import time
from collections.abc import Callable

from collector.logs import CriticalLogHandler
from store.errors import StoreUnavailable

logger = logging.getLogger(__name__)

STALL_INTERVALS = 5
"""Intervals without a tick that make it suspicious: 15 s at 3 s ticks."""

SHORTEST_INTERVAL_S = 1.0
"""It counts in no shorter intervals: a machine that stands still for a moment is no stall, however fast the ticks."""

PATIENCE_CHECKS = 3
"""Checks in a row, one an interval, that must find ticks waiting: a process that was paused needs a moment to drain
the ticks that have expired meanwhile."""


STALLED_CODE = 70
"""With which the process ends; EX_SOFTWARE of sysexits.h."""


class Watchdog:
    """Fed by every tick; barks when ticks wait and none is taken.

    Without ticks waiting it stays quiet: then beat is silent, or Redis is away, and a new process would help neither.
    Where beat is a thread of this process, `count_waiting` counts the tick that it owes.
    """

    def __init__(
        self,
        *,
        interval_s: float,
        count_waiting: Callable[[], int],
        bark: Callable[[], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`count_waiting` tells the ticks in the queue, or raises StoreUnavailable."""
        self._interval_s = max(interval_s, SHORTEST_INTERVAL_S)
        self._count_waiting = count_waiting
        self._bark = bark
        self._monotonic = monotonic
        self._fed_mono_s = monotonic()
        self._suspicions = 0

    def feed(self) -> None:
        """A tick has begun."""
        self._fed_mono_s = self._monotonic()

    def check(self) -> None:
        """Look once; bark when it has looked bad PATIENCE_CHECKS times in a row."""
        is_late = self._monotonic() - self._fed_mono_s > STALL_INTERVALS * self._interval_s
        self._suspicions = self._suspicions + 1 if is_late and self._has_waiting() else 0
        if self._suspicions >= PATIENCE_CHECKS:
            self._bark()

    def start(self) -> None:
        """Check once an interval from now on, in a thread of its own."""
        self.feed()
        threading.Thread(target=self._run, name="watchdog", daemon=True).start()

    def _run(self) -> None:
        while True:
            time.sleep(self._interval_s)
            self.check()

    def _has_waiting(self) -> bool:
        try:
            return self._count_waiting() > 0
        except StoreUnavailable:
            return False


def end_process(reason: str = "ticks are due and none is taken") -> None:
    """End at once. Not `sys.exit`: the main thread may be the one that is stuck."""
    logger.critical("%s: ending, to be started anew", reason)
    for handler in logging.getLogger().handlers:
        if isinstance(handler, CriticalLogHandler):  # The others' locks may be held by the thread that is stuck.
            handler.flush()
    os._exit(STALLED_CODE)
