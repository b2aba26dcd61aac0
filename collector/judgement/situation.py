"""What one verdict is made from. [pure]"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from collector.judgement.recent import Trends
from collector.judgement.trend import Trend
from collector.probes.broker.departures import Movement
from collector.probes.workers.worker_inspect import Inspection
from collector.probes.workers.worker_verdict import STUCK_S
from store.logs.task_failures import TaskFailures
from store.samples.model import Sample
from store.samples.workload import Workload


@dataclass(frozen=True, kw_only=True)
class Outage:
    """A time in which the verdict was bad, and that is over."""

    lasted_s: float
    ended_s: float
    """How long ago it ended."""


@dataclass(frozen=True, kw_only=True)
class Past:
    """What the collector remembers of the samples before. After its start it remembers nothing."""

    busy_samples: int = 0
    """How many samples in a row had a full CPU, this one included."""
    held_s: float | None = None
    """How long ago a queue last held messages; None = never since the start."""
    pauses_s: Mapping[str, float] = field(default_factory=dict)
    """By queue, the longest time lately in which messages waited until one left."""
    trends: Mapping[str, Trend] = field(default_factory=dict)
    """By queue, how its depth has changed lately."""
    outage: Outage | None = None
    lacking_s: float = 0.0
    """For how long each sample before has told that the queues grow and lack processes; 0 = the last one did not."""


@dataclass(frozen=True, kw_only=True)
class Situation:
    """One sample and what else is known at its moment."""

    sample: Sample
    """Without its marks and its verdict."""
    movements: Mapping[str, Movement] = field(default_factory=dict)
    """By queue, how messages leave it."""
    workload: Workload | None = None
    """What the workers do; None = unknown."""
    failures: TaskFailures | None = None
    """Tasks that failed lately, by the critical logs; None = none, or unknown."""
    stuck_s: float = STUCK_S
    """After so long without a departure, waiting messages are a standstill."""
    inspection: Inspection | None = None
    """How the workers answered the last question; None = unknown."""
    past: Past = Past()
    trends: Trends = Trends()
