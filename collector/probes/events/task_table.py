"""Task names with what their events say, and which task has which id. [pure]

Only `task-received` and `task-sent` name the task; later events have its id alone. Both tables are bounded.
"""

from dataclasses import dataclass, field

from collector.probes.events.heard import TaskFigures
from collector.probes.events.rates import Durations, Rate
from store.logs.visible import in_one_line, shorten
from store.samples.workload import MAX_TASKS

NAME_BYTES = 200

OTHER = ""
"""The name of all tasks together that found no room."""

MAX_OTHERS = 10_000
"""Names without room that are told apart."""

IDLE_S = 300.0
"""A name that was not heard for so long makes room for another."""

MAX_IDS = 10_000
"""Most tasks whose name is kept while they run, and most whose sending is."""

SENT_S = 3600.0
"""A task that was sent so long before another and has not started makes room."""

LONGEST_ID = 64
"""Ids are UUIDs of 36 characters, unless the application makes its own."""


def visible(name: str) -> str:
    """A name from outside in one visible, bounded line."""
    return shorten(in_one_line(name[:NAME_BYTES]), NAME_BYTES)


@dataclass(slots=True)
class TaskRow:
    """One task name."""

    key: str
    """The name as it was sent; OTHER for all others."""
    name: str
    heard_s: float
    started: Rate = field(default_factory=Rate)
    succeeded: Rate = field(default_factory=Rate)
    failed: Rate = field(default_factory=Rate)
    retried: Rate = field(default_factory=Rate)
    runtime: Durations = field(default_factory=Durations)
    wait: Durations = field(default_factory=Durations)
    failed_s: float | None = None
    failed_kind: str | None = None

    def figures(self, now_s: float, since_s: float) -> TaskFigures:
        """What is known of it. `since_s`: when listening began."""
        rates = (self.started, self.succeeded, self.failed, self.retried)
        started, succeeded, failed, retried = (rate.per_min(now_s, since_s) for rate in rates)
        (runtime_p50, runtime_p95), (wait_p50, wait_p95) = (
            times.quantiles(now_s, (0.5, 0.95)) for times in (self.runtime, self.wait)
        )
        return TaskFigures(
            started_per_min=started,
            succeeded_per_min=succeeded,
            failed_per_min=failed,
            retried_per_min=retried,
            runtime_p50_s=runtime_p50,
            runtime_p95_s=runtime_p95,
            wait_p50_s=wait_p50,
            wait_p95_s=wait_p95,
            failed_at_mono_s=self.failed_s,
            failed_kind=self.failed_kind,
        )


class TaskTable:
    """The rows, at most MAX_TASKS and one for all others."""

    def __init__(self) -> None:
        self._rows: dict[str, TaskRow] = {}
        """By the name as it was sent."""
        self._others: set[int] = set()
        self._others_since_s = 0.0
        self._full_until_s = 0.0

    def row(self, name: str, now_s: float) -> TaskRow:
        """The row of a task."""
        row = self._rows.get(name)
        if row is None:
            row = self._rows.get(OTHER) if now_s < self._full_until_s else None
            row = row or self._make(name, now_s)
            if row.key == OTHER:
                self._note_other(name, now_s)
        row.heard_s = now_s
        return row

    def total(self) -> int:
        """How many names were heard."""
        return len(self._rows.keys() - {OTHER}) + len(self._others)

    def figures(self, now_s: float, since_s: float) -> dict[str, TaskFigures]:
        """What is known of each name."""
        return {row.name: row.figures(now_s, since_s) for row in self._rows.values()}

    def _make(self, name: str, now_s: float) -> TaskRow:
        if len(self._rows.keys() - {OTHER}) >= MAX_TASKS:
            idle = [each for each, row in self._rows.items() if now_s - row.heard_s > IDLE_S and each != OTHER]
            for each in idle:
                del self._rows[each]
            if not idle:
                self._full_until_s = now_s + 1
                name = OTHER
        if name == OTHER and OTHER in self._rows:
            return self._rows[OTHER]
        row = self._rows[name] = TaskRow(name, visible(name), now_s)
        return row

    def _note_other(self, name: str, now_s: float) -> None:
        if now_s - self._others_since_s > IDLE_S:
            self._others, self._others_since_s = set(), now_s
        if len(self._others) < MAX_OTHERS:
            self._others.add(hash(name))


class TaskIds:
    """Names of the tasks that workers hold, and when tasks were sent, by id."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._sent: dict[str, float] = {}
        self._mask = 0
        """Only ids whose hash has none of these bits are timed: the more bits, the fewer."""

    def __len__(self) -> int:
        return len(self._names) + len(self._sent)

    def received(self, task_id: str, name: str) -> None:
        """Note the name of a task that a worker has received. The oldest makes room for it."""
        names = self._names
        names[_key(task_id)] = name
        if len(names) > MAX_IDS:
            del names[next(iter(names))]

    def name_of(self, task_id: str) -> str | None:
        """The name of a task that a worker holds; None if it is not known."""
        return self._names.get(_key(task_id))

    def done(self, task_id: str) -> str | None:
        """The same, and forget the task."""
        self._sent.pop(_key(task_id), None)
        return self._names.pop(_key(task_id), None)

    def sent(self, task_id: str, at_s: float) -> None:
        """Note when a task was sent, unless it is left out of the sample."""
        if hash(task_id) & self._mask:
            return
        self._sent[_key(task_id)] = at_s
        if len(self._sent) > MAX_IDS:
            self._thin_out(at_s)
        elif self._mask and len(self._sent) < MAX_IDS // 8:
            self._mask >>= 1

    def sent_at(self, task_id: str) -> float | None:
        """When a task that starts was sent, and forget it; None if it is not known."""
        return self._sent.pop(_key(task_id), None)

    def _thin_out(self, newest_s: float) -> None:
        """Time half as many tasks. The oldest are those that start next, so they must not go first."""
        kept = {task_id: at_s for task_id, at_s in self._sent.items() if newest_s - at_s < SENT_S}
        if len(kept) > MAX_IDS // 2:
            self._mask = self._mask << 1 | 1
            kept = {task_id: at_s for task_id, at_s in kept.items() if not hash(task_id) & self._mask}
        self._sent = kept


def _key(task_id: str) -> str:
    return task_id if len(task_id) <= LONGEST_ID else str(hash(task_id))
