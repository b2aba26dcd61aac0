"""One host's past in columns: samples from Redis' live hour, or steps from SQL."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from store import keys
from store.errors import StoreUnavailable
from store.history.history import History
from store.history.steps import MINUTE_S, STEPS_S, Step, as_columns, begin, join_steps, make_step
from store.samples.columns import MAX_MARKS, SERIES, columns, read_row
from store.samples.live import LiveStore

DEFAULT_RANGE_S = 60.0
"""The window without `since`: the page's 20 points at 3 s."""

LIVE_SLACK_S = 60.0
"""A window may begin this much before the live hour and still count as within it: the page's clock is another one."""

FINE_S = 600.0
"""A window within the live hour is answered in samples up to this length: ten minutes in steps make no curve."""

LONGEST_S = {60: 25 * 3600, 600: 8 * 86_400, 3600: 62 * 86_400}
"""Longest window (s) for steps of each length (s): some 1500 rows at most."""

DAY_S = 86_400
"""Length of the steps of any longer window."""

MAX_ROWS = 1600
"""Most rows of an answer: an hour of samples every 3 s has 1200."""

ROWS_AT_ONCE = 400
"""Steps read from SQL at once, some 2 ms of work, before other greenlets run."""


@dataclass(frozen=True)
class HistoryQuery:
    """Reads the past of the hosts."""

    live: LiveStore
    history: History
    interval_s: float

    def read(self, host: str | None, *, since_s: float | None = None, until_s: float | None = None) -> dict[str, Any]:
        """The answer of `/api/history` from `since_s` to `until_s` (epoch s).

        `host` None: the first by name; `since_s` None: the last DEFAULT_RANGE_S. Raises: StoreUnavailable.
        """
        now_s = self.live.now_s()
        known = self.live.hosts()
        name = host or (known[0].host if known else None)
        end_s = now_s if until_s is None else until_s
        start_s = end_s - DEFAULT_RANGE_S if since_s is None else since_s
        oldest_at = self._oldest_at(name) if name else None
        if name is None or self._is_in_samples(name, start_s, end_s, now_s):
            past = self._samples(name, start_s, until_s)
        else:
            past = self._steps(name, max(start_s, oldest_at or now_s), end_s, now_s)
        return {
            "host": name,
            "interval_s": self.interval_s,
            "now": round(now_s, 3),
            "age_s": next((round(row.age_s, 3) for row in known if row.host == name), None),
            "series": SERIES,
            "oldest_at": oldest_at,
            **past,
        }

    def _is_in_samples(self, host: str, start_s: float, end_s: float, now_s: float) -> bool:
        """Whether to answer in samples: Redis holds the window, in not too many rows.

        A Redis that has lost its data holds less than the minutes in SQL, which then cover the whole window.
        """
        if start_s < now_s - keys.RETENTION_S - LIVE_SLACK_S:
            return False
        if end_s - start_s <= FINE_S:
            return True
        if min(end_s, now_s) - start_s > MAX_ROWS * self.interval_s:
            return False
        oldest_s = self.live.oldest_at(host) or now_s
        sooner_s = max(start_s, now_s - keys.RETENTION_S + MINUTE_S)  # Before it, the stream may have trimmed.
        later_s = min(end_s, oldest_s - MINUTE_S)
        if sooner_s >= later_s:
            return True
        try:
            return not self.history.read(host, MINUTE_S, since_s=sooner_s, until_s=later_s, limit=1)
        except StoreUnavailable:
            return True  # Samples are all there is.

    def _samples(self, host: str | None, start_s: float, until_s: float | None) -> dict[str, Any]:
        rows, marks, last_id = columns(self.live.since(start_s, until_s) if host else (), host or "")
        return {
            "last_id": last_id,
            "step_s": self.interval_s,
            "columns": rows,
            "low": None,
            "high": None,
            "marks": marks,
        }

    def _steps(self, host: str, start_s: float, end_s: float, now_s: float) -> dict[str, Any]:
        """The window in steps: long ones as far as they exist, then minutes, then samples not yet rolled up.

        So it reaches the present without a gap, however late the roll-up is.
        """
        step_s = choose_step(end_s - start_s)
        edge_s: float = begin(start_s, step_s)
        steps: list[Step] = []
        kept_s = max(length_s for length_s in STEPS_S if length_s <= step_s)
        for length_s in dict.fromkeys((kept_s, MINUTE_S)):
            for page in self._kept(host, length_s, edge_s, end_s):
                steps += page
                edge_s = page[-1].at + length_s
        fresh, last_id = self._minutes(host, max(edge_s, now_s - keys.RETENTION_S), end_s)
        joined = join_steps([*steps, *fresh], step_s)
        time.sleep(0)
        averages, lowest, highest = as_columns(joined)
        time.sleep(0)
        marks = self.history.marks(host, since_s=begin(start_s, MINUTE_S), until_s=min(end_s, edge_s))
        return {
            "last_id": last_id,
            "step_s": step_s,
            "columns": averages,
            "low": lowest,
            "high": highest,
            "marks": [*marks, *(mark for step in fresh for mark in step.marks)][-MAX_MARKS:],
        }

    def _kept(self, host: str, step_s: int, since_s: float, until_s: float) -> Iterator[list[Step]]:
        """The steps in SQL, page by page. Other greenlets run between two pages."""
        for _ in range(MAX_ROWS // ROWS_AT_ONCE):
            page = self.history.read(host, step_s, since_s=since_s, until_s=until_s, limit=ROWS_AT_ONCE)
            if page:
                yield page
                since_s = page[-1].at + step_s
            time.sleep(0)
            if len(page) < ROWS_AT_ONCE:
                return

    def _minutes(self, host: str, since_s: float, until_s: float) -> tuple[Sequence[Step], str | None]:
        """Minutes made from the samples, and the id of the last sample."""
        if since_s >= until_s:
            return [], None
        mine = [entry for entry in self.live.since(since_s, until_s) if entry.host == host]
        rows = [(entry.id, row) for entry in mine if (row := read_row(entry)) is not None]
        minutes = groupby(rows, key=lambda pair: begin(keys.id_seconds(pair[0]), MINUTE_S))
        return [make_step(at, [row for _, row in group]) for at, group in minutes], rows[-1][0] if rows else None

    def _oldest_at(self, host: str) -> float | None:
        try:
            kept = self.history.oldest_at(host)
        except StoreUnavailable:
            kept = None  # The live hour needs no database.
        known = [at for at in (kept, self.live.oldest_at(host)) if at is not None]
        return min(known, default=None)


def choose_step(span_s: float) -> int:
    """The length of the steps for a window of `span_s` (s)."""
    return next((step_s for step_s, longest_s in LONGEST_S.items() if span_s <= longest_s), DAY_S)
