"""What one worker's events tell of it, and how many of them were lost. [pure]

A heartbeat counts the tasks that the worker has started; `task-started` tells of each. So a difference between both is
a loss that is known. Events wait for a moment in the worker, up to 24 of them, and a heartbeat overtakes them; where
tasks were started between two heartbeats, so many may be on their way. The events' logical clock tells no losses:
other messages advance it, too.

Source: celery 5.7, worker/heartbeat.py, worker/state.py, events/dispatcher.py (`buffer_limit`).
"""

from dataclasses import dataclass, field

from collector.probes.events.clock import Clock
from collector.probes.events.heard import Pulse, WorkerFigures
from collector.probes.events.rates import Rate
from store.samples.workload import Events

BATCH = 24
"""Most task events that a worker holds back."""

HELD_S = 5.0
"""No event is held back for so long."""

GAP_S = 90.0
"""After such a silence counting begins anew."""

OFF_S = 60.0
"""A worker that has started tasks and sent no task event for so long sends none."""

ON_S = 300.0
"""So long after a task event a worker counts as sending them."""


@dataclass(kw_only=True, slots=True)
class WorkerState:
    """One worker. Times are the monotonic clock's."""

    name: str
    since_s: float
    """When it was heard first."""
    heard_s: float
    clock: Clock = field(default_factory=Clock)
    started: Rate = field(default_factory=Rate)
    succeeded: Rate = field(default_factory=Rate)
    failed: Rate = field(default_factory=Rate)
    retried: Rate = field(default_factory=Rate)
    task_event_s: float | None = None
    _pulse_s: float | None = None
    _pid: int | None = None
    _active: int | None = None
    _processed: int | None = None
    _has_left: bool = False
    _base: int | None = None
    """Tasks that it had started when the comparison began; None = it has not begun."""
    _told: int = 0
    """`task-started` since then."""
    _lost: int = 0
    _untold_since_s: float | None = None
    """Since when it has started tasks without a task event."""

    def pulse(self) -> Pulse | None:
        """Its last worker event; None when it sends task events alone."""
        if self._pulse_s is None:
            return None
        return Pulse(
            name=self.name,
            at_mono_s=self._pulse_s,
            pid=self._pid,
            active=self._active,
            processed=self._processed,
            skew_s=self.clock.skew_s,
            has_left=self._has_left,
        )

    def figures(self, now_s: float, since_s: float) -> WorkerFigures | None:
        """What its task events say; None when it sends none. `since_s`: when listening began."""
        if self.events(now_s) is not Events.ON:
            return None
        rates = (self.started, self.succeeded, self.failed, self.retried)
        started, succeeded, failed, retried = (rate.per_min(now_s, since_s) for rate in rates)
        return WorkerFigures(
            started_per_min=started,
            succeeded_per_min=succeeded,
            failed_per_min=failed,
            retried_per_min=retried,
        )

    def events(self, now_s: float) -> Events:
        """Whether it sends task events."""
        if self._untold_since_s is not None and now_s - self._untold_since_s >= OFF_S:
            return Events.OFF
        is_on = self.task_event_s is not None and now_s - self.task_event_s < ON_S
        return Events.ON if is_on else Events.UNKNOWN

    def note_task_event(self, now_s: float, *, is_start: bool = False) -> None:
        """Note any task event; `is_start`: a `task-started`."""
        self.heard_s = self.task_event_s = now_s
        self._untold_since_s = None
        self._told += is_start

    def note_left(self, now_s: float) -> None:
        """Note that it said that it ends."""
        self.heard_s = self._pulse_s = now_s
        self._has_left = True

    def note_pulse(
        self, now_s: float, *, pid: int | None, active: int | None, processed: int | None, is_first: bool = False
    ) -> int:
        """Note a heartbeat. Returns how many more of its events are known to be lost."""
        before_s = self._pulse_s
        is_same = not is_first and not self._has_left and pid == self._pid
        rose = processed - self._processed if processed is not None and self._processed is not None else None
        self.heard_s = self._pulse_s = now_s
        self._pid, self._active, self._processed, self._has_left = pid, active, processed, False
        if not is_same or rose is None or rose < 0 or before_s is None or now_s - before_s > GAP_S:
            self._base = self._untold_since_s = None
            return 0
        if rose and self._untold_since_s is None and not self._was_told(before_s):
            self._untold_since_s = now_s
        if self.events(now_s) is Events.OFF:
            self._base = None
            return rose
        return self._compare(rose, processed or 0)

    def _was_told(self, before_s: float) -> bool:
        """Whether a task event came since the heartbeat before, or shortly before that."""
        return self.task_event_s is not None and self.task_event_s >= before_s - HELD_S

    def _compare(self, rose: int, processed: int) -> int:
        if self.task_event_s is None:
            return 0
        missing = processed - self._base - self._told if self._base is not None else -1
        if missing < 0:  # The comparison begins, or it began while events were on their way.
            self._base, self._told, self._lost = processed, 0, 0
            return 0
        known = missing if not rose else missing - BATCH
        news = max(0, known - self._lost)
        self._lost += news
        return news
