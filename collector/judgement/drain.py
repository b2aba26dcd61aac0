"""Predicts from rates and depths of the queues when they will be empty, and what is missing where they grow. [pure]

A depth that has gone one way over several samples says how fast a queue grows or drains. Else the rates do, unless the
depth contradicts them: rates average over 15 s, so a dispatch that drains already still looks like growth.
"""

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from collector.judgement.consumers import consumers_of
from collector.judgement.trend import Trend
from store.samples.model import Queue, QueueState
from store.samples.workload import Workload

NOISE_PER_S = 0.5
"""A smaller difference of two rates is noise: the management API averages over several seconds."""

HORIZON_S = 86_400.0
"""Present rates predict nothing further ahead."""


@dataclass(frozen=True, kw_only=True)
class Drain:
    """What comes of all queues together at present rates: they end, they grow, or neither."""

    ends_s: int | None = None
    """In how many seconds the last of them is empty."""
    growth_per_s: float | None = None
    """By how much those that grow grow together, whatever the others do."""
    missing: int | None = None
    """How many more processes they need, at least; None = unknown, or it is not processes that are missing."""


@dataclass(frozen=True, kw_only=True)
class _Flow:
    name: str
    ready: int
    net_per_s: float
    is_served: bool
    """Whether messages leave."""

    @property
    def is_growing(self) -> bool:
        """A queue that grows holds at least one second's arrivals.

        If more comes in than goes out and yet nothing waits, the workers hold the messages (scheduled or prefetched).
        """
        return self.net_per_s > NOISE_PER_S and self.ready >= self.net_per_s

    @property
    def is_steady(self) -> bool:
        return self.is_served and abs(self.net_per_s) <= NOISE_PER_S

    @property
    def ends_s(self) -> float:
        return self.ready / -self.net_per_s if self.net_per_s < -NOISE_PER_S else math.inf


def drain_of(
    queues: Sequence[Queue], workload: Workload | None = None, trends: Mapping[str, Trend] | None = None
) -> Drain | None:
    """The drain of these queues; None where nothing waits or moves, or it is unknown of a queue that waits."""
    held = [queue for queue in queues if queue.state is not QueueState.MISSING and queue.ready != 0]
    flows = [flow for queue in held if (flow := _flow_of(queue, (trends or {}).get(queue.name))) is not None]
    if not flows or len(flows) < len(held):
        return None
    growing = [flow for flow in flows if flow.is_growing]
    if growing:
        growth_per_s = sum(flow.net_per_s for flow in growing)
        pace_per_slot = _pace_per_slot({flow.name for flow in growing}, queues, workload)
        missing = math.ceil(growth_per_s / pace_per_slot) if pace_per_slot else None
        return Drain(growth_per_s=round(growth_per_s, 2), missing=missing)
    ends_s = max(flow.ends_s for flow in flows)
    if ends_s <= HORIZON_S:
        return Drain(ends_s=round(ends_s))
    return Drain() if all(flow.is_steady for flow in flows) else None


def _flow_of(queue: Queue, trend: Trend | None) -> _Flow | None:
    net_per_s = trend.slope_per_s if trend else None
    if net_per_s is None and queue.in_per_s is not None and queue.out_per_s is not None:
        net_per_s = queue.in_per_s - queue.out_per_s
        if trend and trend.step * net_per_s < 0:
            return None
    if queue.ready is None or net_per_s is None:
        return None
    return _Flow(name=queue.name, ready=queue.ready, net_per_s=net_per_s, is_served=bool(queue.out_per_s))


def _pace_per_slot(growing: Set[str], queues: Sequence[Queue], workload: Workload | None) -> float | None:
    """How many messages a second a busy slot of the workers of the queues that grow finishes, at most.

    Consumers besides these workers add to the pace, so what is missing is at least what follows from it. None if a slot
    is idle (then more of them would not help), if one is unknown, or if the workers also serve queues whose pace is
    unknown (then theirs is higher than it seems).
    """
    consumers = consumers_of(workload, growing)
    paces = {queue.name: queue.out_per_s for queue in queues if queue.out_per_s is not None}
    if consumers is None or not consumers.are_busy or not growing <= consumers.queues <= paces.keys():
        return None
    return sum(paces[name] for name in consumers.queues) / consumers.slots
