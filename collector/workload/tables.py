"""The workers' tables of one host: made each tick of what the question and the listener know. [pure]"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from collector.probes.events.heard import Heard, Pulse, TaskFigures
from collector.probes.workers.interview import WorkerAnswers
from collector.workload.growth import rounded
from collector.workload.roster import Roster, add_up
from collector.workload.tally import Tally
from settings import ALL_QUEUES
from store.samples.workload import MAX_TASKS, MAX_WORKERS, OTHERS, Crew, Events, Failure, Task, Workload

STORED_EVERY_S = 9.0
"""How often the tables are stored: they are read by people who look at them."""


class Asked(Protocol):
    """Whoever asks the workers."""

    def answers(self) -> Mapping[str, WorkerAnswers]:
        """What each worker answered last."""

    def nobody_listens(self) -> bool:
        """Whether the last question reached no worker."""


class Listener(Protocol):
    """Whoever listens to the workers' events."""

    def pulses(self) -> Mapping[str, Pulse]:
        """The last heartbeat of each worker."""

    def heard(self) -> Heard:
        """What their task events say."""

    def reason(self) -> str | None:
        """Why it does not listen; None = it does."""


class WorkerTables:
    """Joins the two. Not thread-safe. Times are monotonic seconds."""

    def __init__(
        self,
        queue_names: Sequence[str],
        *,
        asked: Asked | None = None,
        listener: Listener | None = None,
        interval_s: float,
    ) -> None:
        """`asked`, `listener`: None where the settings turn them off."""
        self._asked = asked
        self._listener = listener
        self._ticks_between = max(1, round(STORED_EVERY_S / interval_s))
        self._ticks = 0
        self._roster = Roster(None if ALL_QUEUES in queue_names else frozenset(queue_names))
        self._tally = Tally()
        self._heard = Heard()
        self._workload: Workload | None = None
        """The tables of this tick, once somebody has asked for them."""

    def crew(self, now_s: float) -> Crew | None:
        """Take what is new, and add the workers up. Once a tick."""
        answers = self._asked.answers() if self._asked else {}
        self._roster.note(answers, self._listener.pulses() if self._listener else {}, now_s)
        self._tally.note(self._roster.stats())
        if self._listener and self._ticks % self._ticks_between == 0:
            self._heard = self._listener.heard()
        self._ticks += 1
        self._workload = None
        nobody_listens = self._asked is not None and self._asked.nobody_listens()
        return self._roster.crew(now_s, self._heard.workers, nobody_listens=nobody_listens)

    def is_due(self) -> bool:
        """Whether this tick's tables are to be stored; never where there is nobody to know of."""
        return bool(self._asked or self._listener) and (self._ticks - 1) % self._ticks_between == 0

    def workload(self, now_s: float) -> Workload:
        """The tables as of the last `crew`: the same ones for all who ask in one tick."""
        if self._workload is None:
            self._workload = self._made(now_s)
        return self._workload

    def _made(self, now_s: float) -> Workload:
        workers = self._roster.rows(now_s, self._heard.workers)
        tasks = self._tasks(now_s)
        return Workload(
            events=self._events(),
            lost=self._heard.lost,
            workers=tuple(workers[:MAX_WORKERS]),
            tasks=tuple(_cut(tasks)),
            workers_total=len(workers),
            tasks_total=max(len(self._tally.names | self._heard.tasks.keys() - {OTHERS}), self._heard.tasks_total),
        )

    def _events(self) -> Events:
        if self._listener and self._listener.reason() == "denied":
            return Events.DENIED
        return self._heard.events

    def _tasks(self, now_s: float) -> list[Task]:
        """One row a name, those that are started most first; OTHERS last."""
        started = self._tally.per_min(now_s)
        heard = self._heard.tasks
        rows = [_row(name, started.get(name), heard.get(name, TaskFigures()), now_s) for name in {**started, **heard}]
        return sorted(rows, key=lambda row: (row.name == OTHERS, -(row.started_per_min or 0), row.name))


def _row(name: str, started_per_min: float | None, figures: TaskFigures, now_s: float) -> Task:
    """The workers' own counts go before those of events, which not every worker sends."""
    failure = None
    if figures.failed_at_mono_s is not None and figures.failed_kind is not None:
        failure = Failure(kind=figures.failed_kind, age_s=round(now_s - figures.failed_at_mono_s, 1))
    return Task(
        name=name,
        started_per_min=rounded(figures.started_per_min if started_per_min is None else started_per_min),
        succeeded_per_min=rounded(figures.succeeded_per_min),
        failed_per_min=rounded(figures.failed_per_min),
        retried_per_min=rounded(figures.retried_per_min),
        runtime_p50_s=rounded(figures.runtime_p50_s, 3),
        runtime_p95_s=rounded(figures.runtime_p95_s, 3),
        wait_p50_s=rounded(figures.wait_p50_s, 3),
        wait_p95_s=rounded(figures.wait_p95_s, 3),
        last_failure=failure,
    )


def _cut(rows: list[Task]) -> list[Task]:
    """At most MAX_TASKS rows: the last ones in one."""
    if len(rows) <= MAX_TASKS:
        return rows
    kept, rest = rows[: MAX_TASKS - 1], rows[MAX_TASKS - 1 :]
    others = Task(
        name=OTHERS,
        started_per_min=add_up(row.started_per_min for row in rest),
        succeeded_per_min=add_up(row.succeeded_per_min for row in rest),
        failed_per_min=add_up(row.failed_per_min for row in rest),
        retried_per_min=add_up(row.retried_per_min for row in rest),
    )
    return [*kept, others]
