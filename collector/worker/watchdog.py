"""Ends a collector that is alive but takes no ticks, so that its process manager starts it anew.

A worker can lose its broker connection without noticing: the process runs, Redis answers, and ticks pile up (celery
issues 8030, 9054, 10205, 10502). No reconnect logic inside the process can be trusted to notice; a fresh process works.
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
"""Intervals without a tick that look like a stall: 15 s at 3 s ticks."""

SHORTEST_INTERVAL_S = 1.0
"""Shortest interval it counts in: a machine that stops for a moment is no stall, however fast the ticks."""

PATIENCE_CHECKS = 3
"""Checks in a row, one per interval, that must find waiting ticks. A process that was paused needs a moment to drain
the ticks that expired meanwhile."""


STALLED_CODE = 70
"""Exit code of a stalled process: EX_SOFTWARE of sysexits.h."""


class Watchdog:
    """Every tick feeds it; it barks when ticks wait and the process takes none.

    It stays quiet while no tick waits: then beat is silent or Redis is away, and a new process would not help.
    If beat is a thread of this process, `count_waiting` also counts the tick that beat owes.
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
        """Note that a tick has begun."""
        self._fed_mono_s = self._monotonic()

    def check(self) -> None:
        """Check once; bark after PATIENCE_CHECKS bad checks in a row."""
        is_late = self._monotonic() - self._fed_mono_s > STALL_INTERVALS * self._interval_s
        self._suspicions = self._suspicions + 1 if is_late and self._has_waiting() else 0
        if self._suspicions >= PATIENCE_CHECKS:
            self._bark()

    def start(self) -> None:
        """Check once per interval from now on, in a thread."""
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
    """End the process at once. Not by `sys.exit`: the main thread may be the stuck one."""
    logger.critical("%s: ending, to be started anew", reason)
    for handler in logging.getLogger().handlers:
        if isinstance(handler, CriticalLogHandler):  # The stuck thread may hold the other handlers' locks.
            handler.flush()
    os._exit(STALLED_CODE)
