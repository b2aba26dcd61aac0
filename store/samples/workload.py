"""What Celery's workers do: a table of workers and a table of task names. [pure]

Too long for a sample: the collector stores it apart, every few ticks, and `/api/workload` answers it. Unknown is None.
Without events from the workers (`-E`) only the first part of each row is known.
"""

import json
from dataclasses import dataclass
from enum import StrEnum

MAX_WORKERS = 50
MAX_TASKS = 200
"""Most rows of each table."""

OTHERS = ""
"""The name of the row that counts all task names beyond together; it is the last one."""


class Events(StrEnum):
    """Whether the workers send events about tasks."""

    ON = "on"
    OFF = "off"
    """Workers run tasks and send none: start them with -E to see times and failures."""
    UNKNOWN = "unknown"
    """No task has run lately, or no worker was heard."""
    DENIED = "denied"
    """The broker does not let the panel listen."""


@dataclass(frozen=True, kw_only=True)
class Worker:
    """One worker, by Celery's node name."""

    name: str
    age_s: float | None = None
    """How long ago it was last heard: a heartbeat or an answer."""
    slots: int | None = None
    """How many tasks it may run at once."""
    busy: int | None = None
    """How many it runs."""
    oldest_s: float | None = None
    """For how long at least its oldest task runs."""
    prefetch: int | None = None
    """How many messages the broker may hand it at once; 0 = no limit."""
    queues: tuple[str, ...] | None = None
    """The queues that it consumes."""
    skew_s: float | None = None
    """Its clock less the collector's; None below what the network's delay explains."""
    started_per_min: float | None = None
    succeeded_per_min: float | None = None
    failed_per_min: float | None = None
    retried_per_min: float | None = None


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A task's last failure. `kind` is the exception's class, nothing of its text."""

    kind: str
    age_s: float


@dataclass(frozen=True, kw_only=True)
class Task:
    """One task name, over all workers. Times in seconds, over the last minutes."""

    name: str
    started_per_min: float | None = None
    succeeded_per_min: float | None = None
    failed_per_min: float | None = None
    retried_per_min: float | None = None
    runtime_p50_s: float | None = None
    runtime_p95_s: float | None = None
    wait_p50_s: float | None = None
    """From when it was sent until it started; only where the sender reports sending."""
    wait_p95_s: float | None = None
    last_failure: Failure | None = None


@dataclass(frozen=True, kw_only=True)
class Crew:
    """All workers together. The figures are those of the workers heard lately."""

    workers: int
    """How many were heard lately."""
    silent: int = 0
    """How many were heard before and are silent since, without having said that they end."""
    slots: int | None = None
    """None where one worker's are unknown, or where all are silent; so are `usable` and `busy`."""
    usable: int | None = None
    """The slots that prefetching lets them fill: a worker that may hold one message fills one slot."""
    busy: int | None = None
    oldest_s: float | None = None
    """For how long at least the oldest task runs; None where none runs or it is unknown."""
    started_per_s: float | None = None
    """Tasks started per second, over some ten seconds."""
    failed_per_min: float | None = None
    """None without events."""


@dataclass(frozen=True, kw_only=True)
class Workload:
    """Both tables. `workers_total` and `tasks_total` count also those beyond the longest tables."""

    events: Events = Events.UNKNOWN
    lost: int = 0
    """Events known to be lost in the last minutes: then the counts are lower bounds."""
    workers: tuple[Worker, ...] = ()
    tasks: tuple[Task, ...] = ()
    workers_total: int = 0
    tasks_total: int = 0

    def to_json(self) -> bytes:
        """The wire form: compact ASCII JSON with the fields of the dataclasses."""
        return _encode(self).encode()


_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False, default=vars).encode
