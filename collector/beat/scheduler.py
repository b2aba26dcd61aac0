"""Celery beat's scheduler, made punctual and cheap."""

import logging
from functools import cached_property
from typing import Any

from celery.beat import Scheduler

from collector.beat.message import Tick
from store.errors import StoreUnavailable
from store.samples.live import LiveStore, redis_client

logger = logging.getLogger(__name__)


class PunctualScheduler(Scheduler):
    """Wakes when an entry is due, not 10 ms before, and runs every entry once at the start.

    Stock beat wakes 10 ms early and then spins until the entry is due: 9.7 ms of CPU per tick, measured, against
    1.3 ms for the sending itself. The schedule lives in memory, since its entries are all short intervals.
    """

    def adjust(self, n: float | None, drift: float = 0.0) -> float | None:
        """The time to wait, unshortened (s)."""
        return n

    def setup_schedule(self) -> None:
        """Load the entries as just due, so that the first sample does not wait for a whole interval."""
        super().setup_schedule()
        self._make_due()

    def tick(self, *arguments: Any, **options: Any) -> float:
        """Run what is due. Returns how long to wait for the next (s).

        After the clock was set back everything is due: stock beat waits until the clock has caught up, an hour for an
        hour. Source: celery#6742.
        """
        if any(entry.last_run_at > entry.default_now() for entry in self.schedule.values()):
            logger.warning("the clock was set back")
            self._make_due()
        wait_s: float = super().tick(*arguments, **options)
        return wait_s

    producer = None
    """Nothing is sent by kombu, so it is not connected either."""

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        """Send a tick. One that cannot be sent is one line in the log, where stock beat writes fifty: the next one is
        the retry."""
        queue = entry.options["queue"]
        if entry.name not in self._ticks:
            self._ticks[entry.name] = Tick(self.app, entry.task, queue, expires_s=entry.options["expires"])
        try:
            self.send(queue, self._ticks[entry.name].message(self.app.now()))
        except StoreUnavailable as exc:
            logger.warning("the tick of %s could not be sent: %s", entry.name, exc)

    def send(self, queue: str, message: str) -> None:
        """Put a message into its queue. Raises: StoreUnavailable."""
        self._store.push(queue, message)

    @cached_property
    def _store(self) -> LiveStore:
        return LiveStore(redis_client(self.app.conf["tick_redis_url"]))

    @cached_property
    def _ticks(self) -> dict[str, Tick]:
        return {}

    def _make_due(self) -> None:
        entries: dict[str, Any] = self.schedule
        for entry in entries.values():
            entry.last_run_at = entry.default_now() - entry.schedule.run_every
        self._heap = None  # Made anew by the next tick.
