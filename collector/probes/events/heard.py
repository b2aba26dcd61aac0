"""What the listener has heard of workers and tasks. [pure]"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from store.samples.workload import Events


@dataclass(frozen=True, kw_only=True)
class Pulse:
    """The last worker event of one worker: worker-online, worker-heartbeat or worker-offline."""

    name: str
    at_mono_s: float
    """When it was heard, by this process' monotonic clock."""
    pid: int | None = None
    active: int | None = None
    """Tasks that it runs."""
    processed: int | None = None
    """Tasks that it has started since it was started."""
    skew_s: float | None = None
    """Its clock less ours; None below what delays explain."""
    has_left: bool = False
    """Whether it said that it ends."""


@dataclass(frozen=True, kw_only=True)
class WorkerFigures:
    """What one worker's task events of the last minute say."""

    started_per_min: float | None = None
    succeeded_per_min: float | None = None
    failed_per_min: float | None = None
    retried_per_min: float | None = None


@dataclass(frozen=True, kw_only=True)
class TaskFigures:
    """What the events of one task name say, over all workers: counts of the last minute, times of the last five."""

    started_per_min: float | None = None
    succeeded_per_min: float | None = None
    failed_per_min: float | None = None
    retried_per_min: float | None = None
    runtime_p50_s: float | None = None
    runtime_p95_s: float | None = None
    wait_p50_s: float | None = None
    """From when it was sent until it started; tasks for a later time do not count."""
    wait_p95_s: float | None = None
    failed_at_mono_s: float | None = None
    failed_kind: str | None = None
    """The exception's class alone."""


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What the task events of the last minutes say."""

    workers: Mapping[str, WorkerFigures] = field(default_factory=dict)
    """Workers that send task events, by name."""
    tasks: Mapping[str, TaskFigures] = field(default_factory=dict)
    """By name; "" for all those together that found no room."""
    tasks_total: int = 0
    """Names heard, those without room included."""
    task_event_at_mono_s: float | None = None
    """When the last task event was heard; None = none yet."""
    lost: int = 0
    """Events known to be lost: then the counts are lower bounds."""
    events: Events = Events.UNKNOWN
    """Whether workers send task events."""
