"""Rolls this host's samples up into steps of a minute, ten minutes and an hour, and keeps them in SQL.

1. Minutes: made from the stream, from the newest one in SQL (made again) to the last closed one. They are written in
   order, a few in each transaction, so history has no hole before its end. A minute whose samples the stream may have
   begun to drop is skipped: the catch-up after an outage reaches back 58 minutes.
2. Longer steps: made from the shorter ones, over the same range.
3. Steps of every host that are older than the retention are deleted, a few rows in each transaction.

Each run does all that is left to do, so a run that is missed, doubled or interrupted costs nothing.
"""

import itertools
import logging
import time
from collections.abc import Callable, Iterator

from store import keys
from store.errors import StoreUnavailable
from store.history.history import History
from store.history.steps import MINUTE_S, STEPS_S, Step, begin, join_steps, make_step
from store.samples.columns import Row, read_row
from store.samples.live import PAGE_ENTRIES, LiveStore

logger = logging.getLogger(__name__)

REACH_S = keys.RETENTION_S - 120
"""How far back minutes are made, in seconds: the stream may drop older samples while they are being read."""

MINUTES_AT_ONCE = 10
"""Minutes in a transaction, which holds SQLite's write lock for a few milliseconds."""

READ_PAUSE_S = 0.02
"""Pause after each page of the stream: catching up must not delay the ticks."""

RUN_S = 20.0
"""After this time a run ends with its current minute; the next run continues."""

STEPS_AT_ONCE = 1500
"""Shorter steps that a run reads for longer ones: more than a day of minutes."""

PRUNED_AT_ONCE = 500
PRUNED_A_RUN = 10_000
"""Most rows deleted in a transaction, and in a run."""


class RollUp:
    """Keeps one host's history. Blocks for as long as Redis and SQL take, so run it in the background."""

    def __init__(
        self, live: LiveStore, history: History, *, host: str, days: float, wall: Callable[[], float] = time.time
    ) -> None:
        self._live = live
        self._history = history
        self._host = host
        self._retention_s = days * 86_400
        self._wall = wall
        self._trouble: str | None = None
        self._done_until: int | None = None
        """The end of the last ten minutes that were joined and pruned after."""

    def run(self) -> None:
        """Do all that is left to do. An unavailable store is logged once; the next run is the retry."""
        try:
            now_s = self._live.now_s()
            self._roll_minutes(now_s)
            closed = begin(now_s, STEPS_S[1])
            if closed != self._done_until:  # Longer steps only close every ten minutes.
                for shorter_s, longer_s in itertools.pairwise(STEPS_S):
                    self._join(shorter_s, longer_s, now_s)
                self._prune(now_s)
                self._done_until = closed
        except StoreUnavailable as exc:
            if self._trouble is None:
                logger.warning("this host's history is not kept: %s (is DATABASE_URL the panel's own?)", exc)
            self._trouble = str(exc)
        else:
            if self._trouble is not None:
                logger.info("this host's history is kept again")
            self._trouble = None

    def _roll_minutes(self, now_s: float) -> None:
        newest = self._history.newest_at(self._host, MINUTE_S, before_s=now_s) or 0
        start = max(int(newest), begin(now_s - REACH_S, MINUTE_S) + MINUTE_S)
        minutes = self._minutes(start, begin(now_s, MINUTE_S))
        while batch := list(itertools.islice(minutes, MINUTES_AT_ONCE)):
            self._history.write(self._host, MINUTE_S, batch)

    def _minutes(self, start_s: int, end_s: int) -> Iterator[Step]:
        """The minutes from `start_s` to `end_s` that have samples, in order."""
        deadline_mono_s = time.monotonic() + RUN_S
        for at, group in itertools.groupby(self._rows(start_s, end_s), key=lambda pair: pair[0]):
            yield make_step(at, [row for _, row in group])
            if time.monotonic() > deadline_mono_s:
                return

    def _rows(self, start_s: int, end_s: int) -> Iterator[tuple[int, Row]]:
        for count, entry in enumerate(self._live.since(start_s, end_s), start=1):
            if count % PAGE_ENTRIES == 0:
                time.sleep(READ_PAUSE_S)
            row = read_row(entry) if entry.host == self._host else None
            if row is not None:
                yield begin(keys.id_seconds(entry.id), MINUTE_S), row

    def _join(self, shorter_s: int, longer_s: int, now_s: float) -> None:
        newest = self._history.newest_at(self._host, longer_s, before_s=now_s) or 0
        steps = self._history.read(
            self._host, shorter_s, since_s=newest, until_s=begin(now_s, longer_s), limit=STEPS_AT_ONCE
        )
        self._history.write(self._host, longer_s, join_steps(steps, longer_s))

    def _prune(self, now_s: float) -> None:
        # By the earlier of two clocks: one that is a year ahead must not delete the whole history.
        before_s = min(now_s, self._wall()) - self._retention_s
        for _ in range(PRUNED_A_RUN // PRUNED_AT_ONCE):
            if self._history.prune(before_s=before_s, limit=PRUNED_AT_ONCE) < PRUNED_AT_ONCE:
                return
