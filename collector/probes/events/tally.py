"""Counts the events of workers and tasks. [pure]

Everything that it keeps is bounded. What an event says is believed field by field: one without the fields that it
needs, or with others in their places, is counted as unreadable.
"""

from collections.abc import Callable, Iterable
from typing import Any

from collector.probes.events.clock import Clock
from collector.probes.events.failures import Failures
from collector.probes.events.heard import Heard, Pulse
from collector.probes.events.message import Event
from collector.probes.events.rates import Rate
from collector.probes.events.task_table import OTHER, TaskIds, TaskTable, visible
from collector.probes.events.worker_state import WorkerState
from store.samples.workload import Events

MAX_WORKERS = 1000
FORGET_WORKER_S = 600.0
MAX_SENDERS = 1000
"""Most senders whose clocks are compared with ours."""

CLOCKS_DIFFER_S = 1.0
"""A task that started longer before it was sent says nothing of its wait."""

BUSY_S = 5.0
"""So long after a task event others are taken to be under way."""

LOST_S = 300
"""So long a loss makes the counts lower bounds."""


class Tally:
    """All that was heard. `now_s` is the monotonic clock's, `wall_s` the wall clock's."""

    def __init__(self, since_s: float, failures: Failures | None = None) -> None:
        """`since_s`: when listening began; `failures`: those that wait already."""
        self.since_s = since_s
        self.failures = Failures() if failures is None else failures
        self._workers: dict[str, WorkerState] = {}
        self._senders: dict[str, Clock] = {}
        self._tasks = TaskTable()
        self._ids = TaskIds()
        self._lost = Rate(LOST_S)
        self._task_event_s: float | None = None
        self._now_s = self._wall_s = 0.0
        self._takers: dict[str, Callable[[Event], None]] = {
            "worker-heartbeat": self._heartbeat,
            "worker-online": self._online,
            "worker-offline": self._offline,
            "task-sent": self._sent,
            "task-received": self._received,
            "task-started": self._started,
            "task-succeeded": self._succeeded,
            "task-failed": self._failed,
            "task-retried": self._retried,
            "task-rejected": self._dropped,
            "task-revoked": self._dropped,
        }

    def take(self, events: Iterable[Event], now_s: float, wall_s: float) -> int:
        """Count events that have come by now. Returns how many could not be read."""
        self._now_s, self._wall_s = now_s, wall_s
        takers, unreadable = self._takers, 0
        for event in events:
            try:
                taker = takers.get(event["type"])
                if taker is not None:
                    taker(event)
            except (KeyError, TypeError, ValueError, OverflowError):
                unreadable += 1
        return unreadable

    def note_lost(self, count: int, now_s: float) -> None:
        """Note that events are lost."""
        self._lost.add(now_s, count)

    def is_busy(self, now_s: float) -> bool:
        """Whether task events are under way."""
        return self._task_event_s is not None and now_s - self._task_event_s < BUSY_S

    def pulses(self, now_s: float) -> dict[str, Pulse]:
        """The last worker event of each worker that was heard lately."""
        for key in [key for key, worker in self._workers.items() if now_s - worker.heard_s > FORGET_WORKER_S]:
            del self._workers[key]
        pulses = (worker.pulse() for worker in self._workers.values())
        return {pulse.name: pulse for pulse in pulses if pulse is not None}

    def heard(self, now_s: float) -> Heard:
        """What the task events say."""
        figures = {worker.name: worker.figures(now_s, self.since_s) for worker in self._workers.values()}
        events = self._events(now_s)
        return Heard(
            workers={name: each for name, each in figures.items() if each is not None},
            tasks=self._tasks.figures(now_s, self.since_s),
            tasks_total=self._tasks.total(),
            task_event_at_mono_s=self._task_event_s,
            lost=self._lost.total(now_s) if events is Events.ON else 0,
            events=events,
        )

    def _events(self, now_s: float) -> Events:
        each = {worker.events(now_s) for worker in self._workers.values()}
        return next((state for state in (Events.ON, Events.OFF) if state in each), Events.UNKNOWN)

    def _worker(self, event: Event) -> WorkerState:
        key = event["hostname"]
        worker = self._workers.get(key)
        if worker is None:
            if not isinstance(key, str):
                raise TypeError(key)
            worker = WorkerState(name=visible(key), since_s=self._now_s, heard_s=self._now_s)
            if len(self._workers) < MAX_WORKERS:
                self._workers[key] = worker
        return worker

    def _heartbeat(self, event: Event, *, is_first: bool = False) -> None:
        worker = self._worker(event)
        worker.clock.note(float(event["timestamp"]), self._wall_s)
        lost = worker.note_pulse(
            self._now_s,
            pid=_count(event.get("pid")),
            active=_count(event.get("active")),
            processed=_count(event.get("processed")),
            is_first=is_first,
        )
        if lost:
            self._lost.add(self._now_s, lost)

    def _online(self, event: Event) -> None:
        self._heartbeat(event, is_first=True)

    def _offline(self, event: Event) -> None:
        self._worker(event).note_left(self._now_s)

    def _sent(self, event: Event) -> None:
        if event.get("eta") is not None:
            return  # It waits on purpose.
        sender, stamp_s = event["hostname"], float(event["timestamp"])
        clock = self._senders.get(sender)
        if clock is None:
            if len(self._senders) >= MAX_SENDERS:
                self._senders.clear()
            clock = self._senders[sender] = Clock()
        clock.note(stamp_s, self._wall_s)
        self._ids.sent(event["uuid"], clock.corrected(stamp_s))

    def _received(self, event: Event) -> None:
        self._told_by(event)
        row = self._tasks.row(_text(event["name"]), self._now_s)
        self._ids.received(event["uuid"], row.key)

    def _started(self, event: Event) -> None:
        worker = self._told_by(event, is_start=True)
        worker.started.add(self._now_s)
        sent_s, name = self._ids.sent_at(event["uuid"]), self._ids.name_of(event["uuid"])
        if name is None:
            return
        row = self._tasks.row(name, self._now_s)
        row.started.add(self._now_s)
        if sent_s is not None:
            wait_s = worker.clock.corrected(float(event["timestamp"])) - sent_s
            if wait_s > -CLOCKS_DIFFER_S:
                row.wait.add(self._now_s, max(0.0, wait_s))

    def _succeeded(self, event: Event) -> None:
        worker = self._told_by(event)
        worker.succeeded.add(self._now_s)
        name = self._done(event)
        if name is not None:
            row = self._tasks.row(name, self._now_s)
            row.succeeded.add(self._now_s)
            row.runtime.add(self._now_s, float(event["runtime"]))

    def _failed(self, event: Event) -> None:
        worker = self._told_by(event)
        worker.failed.add(self._now_s)
        name = self._done(event)
        task = OTHER if name is None else self._tasks.row(name, self._now_s).name
        exception, traceback = _text(event.get("exception") or ""), event.get("traceback")
        kind = self.failures.add(
            worker.name, task, exception, traceback if isinstance(traceback, str) else None, self._now_s
        )
        if name is not None:
            row = self._tasks.row(name, self._now_s)
            row.failed.add(self._now_s)
            row.failed_s, row.failed_kind = self._now_s, kind

    def _retried(self, event: Event) -> None:
        worker = self._told_by(event)
        worker.retried.add(self._now_s)
        # The task may have been received again already, under the same id: so its name is kept.
        name = self._ids.name_of(event["uuid"])
        if name is None:
            self._lost.add(self._now_s, 1)
        else:
            self._tasks.row(name, self._now_s).retried.add(self._now_s)

    def _dropped(self, event: Event) -> None:
        self._told_by(event)
        self._ids.done(event["uuid"])

    def _told_by(self, event: Event, *, is_start: bool = False) -> WorkerState:
        """The worker that sent a task event."""
        worker = self._worker(event)
        worker.note_task_event(self._now_s, is_start=is_start)
        self._task_event_s = self._now_s
        return worker

    def _done(self, event: Event) -> str | None:
        """The name of a task that has ended; without it, its `task-received` is lost, or came before we listened."""
        name = self._ids.done(event["uuid"])
        if name is None:
            self._lost.add(self._now_s, 1)
        return name


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _count(value: Any) -> int | None:
    return value if type(value) is int and value >= 0 else None
