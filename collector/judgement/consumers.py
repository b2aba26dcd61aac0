"""The workers that consume some queues, taken together. [pure]"""

from collections.abc import Collection
from dataclasses import dataclass

from store.samples.workload import Worker, Workload

FRESH_S = 15.0
"""What a worker said up to so long ago is true of now: it sends a heartbeat every 2 s and is asked every 10 s."""


@dataclass(frozen=True, kw_only=True)
class Consumers:
    """All that consume any of the queues."""

    slots: int
    busy: int
    oldest_s: float | None
    """For how long the oldest task runs; None = unknown."""
    prefetch: int | None
    """How many messages they may be handed at once; None = unknown, or one of them may be handed any number."""
    queues: frozenset[str]
    """All that they consume."""

    @property
    def are_busy(self) -> bool:
        """Whether no slot is idle."""
        return self.busy >= self.slots

    @property
    def are_held_back(self) -> bool:
        """Whether slots are idle because fewer messages than slots may be handed out."""
        return not self.are_busy and self.prefetch is not None and self.prefetch < self.slots


def workers_of(workload: Workload | None) -> tuple[Worker, ...]:
    """All workers; none where the table is missing or lacks some: a part is not the whole."""
    if workload is None or workload.workers_total > len(workload.workers):
        return ()
    return workload.workers


def consumers_of(workload: Workload | None, names: Collection[str]) -> Consumers | None:
    """The consumers of these queues; None unless it is known which they are, and of each slots and tasks, freshly."""
    workers = workers_of(workload)
    if any(worker.queues is None for worker in workers):
        return None
    found = [worker for worker in workers if set(names) & set(worker.queues or ())]
    if not found or not all(is_fresh(each) and each.slots and each.busy is not None for each in found):
        return None
    prefetches = [worker.prefetch for worker in found]
    return Consumers(
        slots=sum(worker.slots or 0 for worker in found),
        busy=sum(worker.busy or 0 for worker in found),
        oldest_s=max((worker.oldest_s for worker in found if worker.oldest_s is not None), default=None),
        prefetch=sum(each or 0 for each in prefetches) if all(prefetches) else None,
        queues=frozenset(name for worker in found for name in worker.queues or ()),
    )


def is_fresh(worker: Worker) -> bool:
    """Whether the worker was heard lately."""
    return worker.age_s is not None and worker.age_s <= FRESH_S
