"""One worker, joined from what it answered and from its heartbeats. [pure]"""

from collector.probes.events.heard import Pulse, WorkerFigures
from collector.probes.workers.interview import WorkerAnswers
from collector.probes.workers.worker_facts import Stats
from collector.workload.growth import Growth, Pace, rounded
from collector.workload.names import shown
from store.samples.workload import Worker

RECENT_S = 10.0
"""The stretch of time of the pace of the moment: one round of questions, five heartbeats."""

HEARD_S = 30.0
"""A worker counts as heard for so long: three rounds of questions, fifteen heartbeats."""

ROUND_S = 90.0
"""One that answered the last round counts as heard for so long: while another worker is silent, rounds are a minute
apart."""

TOLD_S = 45.0
"""What it told of its tasks holds for so long: it is asked every half minute."""

MAX_QUEUES = 20
"""Most queues shown of one worker. Of one with more they are unknown: a part would be taken for the whole."""

NO_FIGURES = WorkerFigures()


class Member:
    """Follows one worker. Times are monotonic seconds."""

    def __init__(self, name: str) -> None:
        """`name`: as it is shown."""
        self._name = name
        self._answers: WorkerAnswers | None = None
        self._pulse: Pulse | None = None
        self._is_by_pulse = False
        self._counted_s = float("-inf")
        """When its counter of started tasks was read last."""
        self._growth = Growth()
        self._pace: Pace | None = None
        self._last_start_s = float("-inf")
        """When its counter was last seen growing, or first seen."""

    def note(self, answers: WorkerAnswers | None, pulse: Pulse | None, now_s: float) -> None:
        """Take what it answered last and its last heartbeat."""
        self._answers, self._pulse = answers or self._answers, pulse or self._pulse
        # One source at a time: two would overtake each other, and a count that falls means a new process.
        is_by_pulse = self._has_pulse(now_s) and pulse is not None and pulse.processed is not None
        if is_by_pulse != self._is_by_pulse:
            self._is_by_pulse, self._growth, self._counted_s = is_by_pulse, Growth(), float("-inf")
        if is_by_pulse and pulse is not None and pulse.processed is not None:
            self._count(pulse.at_mono_s, pulse.processed, pulse.pid)
        elif (stats := self.stats) is not None and stats.at_s > self._counted_s:
            self._count(stats.at_s, sum(stats.started.values()), stats.pid)

    @property
    def stats(self) -> Stats | None:
        """Its last answer to `stats`."""
        return self._answers.stats if self._answers else None

    @property
    def heard_s(self) -> float:
        """When it was last heard."""
        answered_s = self._answers.at_s if self._answers else float("-inf")
        return max(answered_s, self._pulse.at_mono_s if self._pulse else float("-inf"))

    def is_heard(self, now_s: float) -> bool:
        """Whether it was heard lately and has not left since."""
        longest_s = ROUND_S if self._answers is not None and not self._answers.has_missed else HEARD_S
        return now_s - self.heard_s <= longest_s and not self.has_left(now_s)

    @property
    def has_said_goodbye(self) -> bool:
        """Whether the last that was heard of it is that it ends."""
        return self._pulse is not None and self._pulse.has_left and self._pulse.at_mono_s >= self.heard_s

    def has_left(self, now_s: float) -> bool:
        """Whether it has ended: it said so, or all that listen have answered and it has not."""
        pulse, answers = self._pulse, self._answers
        if pulse is not None and (answers is None or pulse.at_mono_s >= answers.at_s):
            return pulse.has_left or (not self._has_pulse(now_s) and answers is not None and answers.has_left)
        return answers is not None and answers.has_left

    def serves(self, queue_names: frozenset[str] | None) -> bool:
        """Whether it may consume one of these queues; None means any. True also where its queues are unknown."""
        return queue_names is None or self._answers is None or not queue_names.isdisjoint(self._answers.queues)

    def started_per_s(self, now_s: float) -> float | None:
        """How many tasks it has started per second of late."""
        pace = self._pace.per_min(now_s, RECENT_S) if self._pace else None
        return None if pace is None else pace / 60

    @property
    def usable(self) -> int | None:
        """How many of its slots its prefetching lets it fill."""
        stats = self.stats
        if stats is None or stats.slots is None or stats.prefetch is None:
            return None
        return min(stats.slots, stats.prefetch) if stats.prefetch else stats.slots

    @property
    def busy(self) -> int | None:
        """How many tasks it ran when it was last heard; None where that is unknown."""
        if self.stats is not None and self.stats.is_solo:
            return None
        running = self._answers.running if self._answers else None
        at_s, busy = (running.at_s, running.busy) if running else (float("-inf"), None)
        if self._pulse is not None and self._pulse.active is not None and self._pulse.at_mono_s > at_s:
            at_s, busy = self._pulse.at_mono_s, self._pulse.active
        return busy if self.heard_s - at_s <= TOLD_S else None

    @property
    def oldest_s(self) -> float | None:
        """For how long at least its oldest task ran when it was last heard; None where none runs or it is unknown.

        It runs at least since the worker last started one, because all that runs was started by then. It runs for as
        long as the worker said, and longer by the time since, if the worker still runs the same tasks.
        """
        busy, least_s = self.busy, max(0.0, self._counted_s - self._last_start_s)
        if not busy:
            return None
        running = self._answers.running if self._answers else None
        if running is None or running.oldest_s is None or self.heard_s - running.at_s > TOLD_S:
            return round(least_s, 1)
        is_same = running.busy == busy and self._last_start_s <= running.at_s <= self._counted_s
        since_s = self._counted_s - running.at_s if is_same else 0.0
        skew_s = (self._pulse.skew_s if self._pulse else None) or 0.0
        return round(max(least_s, running.oldest_s + skew_s + since_s), 1)

    def row(self, now_s: float, figures: WorkerFigures = NO_FIGURES) -> Worker:
        """Its row of the table. `figures`: what its task events say."""
        is_heard, stats = self.is_heard(now_s), self.stats
        pace = self._pace.per_min(now_s) if is_heard and self._pace else None
        return Worker(
            name=self._name,
            age_s=round(now_s - self.heard_s, 1),
            slots=stats.slots if stats else None,
            busy=self.busy if is_heard else None,
            oldest_s=self.oldest_s if is_heard else None,
            prefetch=stats.prefetch if stats else None,
            queues=self._queues(),
            skew_s=self._pulse.skew_s if self._pulse else None,
            started_per_min=rounded(pace),
            succeeded_per_min=rounded(figures.succeeded_per_min),
            failed_per_min=rounded(figures.failed_per_min),
            retried_per_min=rounded(figures.retried_per_min),
        )

    def _queues(self) -> tuple[str, ...] | None:
        if self._answers is None or len(self._answers.queues) > MAX_QUEUES:
            return None
        return tuple(map(shown, sorted(self._answers.queues)))

    def _has_pulse(self, now_s: float) -> bool:
        return self._pulse is not None and now_s - self._pulse.at_mono_s <= HEARD_S

    def _count(self, at_s: float, started: int, pid: int | None) -> None:
        if at_s <= self._counted_s:
            return
        grown = self._growth.note(at_s, started, pid)
        if grown is None or self._pace is None:
            self._pace = Pace(at_s)
        else:
            self._pace.note(at_s, grown)
        if grown != 0:
            self._last_start_s = at_s
        self._counted_s = at_s
