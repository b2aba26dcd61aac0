"""`/api/history`: one host's past in columns, as samples out of the live hour or as steps out of SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from collector.store import keys
from collector.store.columns import MAX_MARKS, SERIES, columns, read_row
from collector.store.errors import StoreUnavailable
from collector.store.history import History
from collector.store.live import LiveStore
from collector.store.steps import MINUTE_S, STEPS_S, Step, as_columns, begin, join_steps, make_step

DEFAULT_RANGE_S = 60.0
"""What is answered without `since`: the page's 20 points at 3 s."""

LIVE_SLACK_S = 60.0
"""How much further back than the live hour still counts as within it: the page's clock is not the store's."""

LONGEST_S = {60: 25 * 3600, 600: 8 * 86_400, 3600: 62 * 86_400}
"""The longest stretch of time answered in steps of each length, in seconds: some 1500 rows at most."""

DAY_S = 86_400
"""The length of the steps of anything longer."""

MAX_ROWS = 1600
"""Steps read from SQL at once."""


@dataclass(frozen=True)
class Past:
    """Reads the past of the hosts."""

    live: LiveStore
    history: History
    interval_s: float

    def read(self, host: str | None, *, since_s: float | None = None, until_s: float | None = None) -> dict[str, Any]:
        """`/api/history`'s answer; `host` None: the first by name; `since_s` None: DEFAULT_RANGE_S until then.

        Raises: StoreUnavailable.
        """
        now_s = self.live.now_s()
        known = self.live.hosts()
        name = host or (known[0].host if known else None)
        end_s = now_s if until_s is None else until_s
        start_s = end_s - DEFAULT_RANGE_S if since_s is None else since_s
        oldest_at = self._oldest_at(name) if name else None
        if name is None or start_s >= now_s - keys.RETENTION_S - LIVE_SLACK_S:
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
        """The stretch in steps: long ones as far as they are made, then minutes, then samples not yet rolled up.

        So it reaches the present without a hole, however late the roll-up is.
        """
        step_s = choose_step(end_s - start_s)
        edge_s: float = begin(start_s, step_s)
        steps: list[Step] = []
        kept_s = max(length_s for length_s in STEPS_S if length_s <= step_s)
        for length_s in dict.fromkeys((kept_s, MINUTE_S)):
            steps += self.history.read(host, length_s, since_s=edge_s, until_s=end_s, limit=MAX_ROWS)
            edge_s = steps[-1].at + length_s if steps and steps[-1].at >= edge_s else edge_s
        fresh, last_id = self._minutes(host, max(edge_s, now_s - keys.RETENTION_S), end_s)
        averages, lowest, highest = as_columns(join_steps([*steps, *fresh], step_s))
        marks = self.history.marks(host, since_s=begin(start_s, MINUTE_S), until_s=min(end_s, edge_s))
        return {
            "last_id": last_id,
            "step_s": step_s,
            "columns": averages,
            "low": lowest,
            "high": highest,
            "marks": [*marks, *(mark for step in fresh for mark in step.marks)][-MAX_MARKS:],
        }

    def _minutes(self, host: str, since_s: float, until_s: float) -> tuple[Sequence[Step], str | None]:
        """Minutes made of the samples themselves, and the id of the last sample."""
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
            kept = None  # The live hour is shown without the database, too.
        known = [at for at in (kept, self.live.oldest_at(host)) if at is not None]
        return min(known, default=None)


def choose_step(span_s: float) -> int:
    """The length of the steps in which a stretch of time is answered (s)."""
    return next((step_s for step_s, longest_s in LONGEST_S.items() if span_s <= longest_s), DAY_S)
