"""Writes this host's samples while this collector holds the host's name, and logs conflicts over the name.

Two collectors of one name (two products on one machine share the default name; `--scale collector=2`) also take each
other's ticks, because the queue is named after the host. So the collector that does not hold the name stands by: it
stays inside the tick that found this out, and takes no other.
"""

import logging
import time
from collections.abc import Callable

from store.errors import StoreUnavailable
from store.samples.append import SILENT_INTERVALS, SLACK_S, Standing
from store.samples.live import LiveStore
from store.samples.model import Sample

logger = logging.getLogger(__name__)

POLL_S = 0.25
"""How often a collector that stands by checks whether its process must end."""


class SampleWriter:
    """Writes the samples of one host."""

    def __init__(self, store: LiveStore, *, host: str, interval_s: float) -> None:
        self._store = store
        self._host = host
        self._interval_s = interval_s
        self._standing = Standing()

    def announce(self) -> None:
        """Announce this process, so that a collector that already holds the name leaves ticks to it."""
        try:
            self._store.announce(self._host)
        except StoreUnavailable as exc:
            logger.warning("could not say that this collector reports as %s: %s", self._host, exc)

    def write(self, sample: Sample, tables: bytes = b"") -> bool:
        """Write it, and with it the workers' tables if they are due.

        False if another collector holds the name, or the slot is taken. Raises: StoreUnavailable.
        """
        entry_id = self._store.append(sample, interval_s=self._interval_s, tables=tables)
        self._log_changes(self._store.standing)
        return entry_id is not None

    def stand_by(self, *, feed: Callable[[], None], is_ending: Callable[[], bool]) -> None:
        """Wait until the collector that holds the name is silent; return at once if none does. `feed`s the watchdog."""
        if not self._store.standing.is_held:
            return
        asked_mono_s = time.monotonic()
        while not is_ending():
            feed()
            time.sleep(min(POLL_S, self._interval_s))
            if time.monotonic() - asked_mono_s < self._interval_s:
                continue
            asked_mono_s = time.monotonic()
            try:
                if self._store.stand_by(self._host) > SILENT_INTERVALS * self._interval_s:
                    return
            except StoreUnavailable:
                return  # The next tick logs it.

    def _log_changes(self, now: Standing) -> None:
        """Log each change once."""
        before, self._standing, host = self._standing, now, self._host
        advice = "give each a MONITOR_HOST of its own, or end one"
        if now.is_held and not before.is_held:
            logger.error("another collector reports as %s: this one stands by until it is silent; %s", host, advice)
        elif before.is_held and not now.is_held:
            logger.warning("this collector reports as %s again", host)
        if now.is_shared and not before.is_shared:
            logger.error("two collectors report as %s: the other one stands by; %s", host, advice)
        if now.moved_back_s is not None:
            logger.warning("the stream of samples began anew: its ids were %.0f s ahead of the clock", now.moved_back_s)
        is_wrong, was_wrong = (abs(each.clock_ahead_s) > SLACK_S for each in (now, before))
        if is_wrong and not was_wrong:
            logger.warning("Redis' clock is %.0f s ahead of this host's: one of them is wrong", now.clock_ahead_s)
        elif was_wrong and not is_wrong:
            logger.info("Redis' clock and this host's agree again")
