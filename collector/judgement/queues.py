"""Which watched queues cannot be counted. [pure]"""

from collections.abc import Iterator

from store.samples.model import Check, QueueState, Sample, Status
from store.samples.verdict import Finding, Level


def find_in_queues(sample: Sample) -> Iterator[Finding]:
    """The findings about queues that do not exist or could not be read, while the broker answers."""
    broker = sample.checks.get("rabbitmq")
    for queue in sample.queues:
        if queue.state is QueueState.MISSING:
            yield Finding(level=Level.ATTENTION, code="queue_missing", facts={"queue": queue.name})
        elif queue.reason is not None:
            yield Finding(level=Level.ATTENTION, code=f"queue_{queue.reason}", facts={"queue": queue.name})
        elif queue.ready is None and _answers(broker):
            yield Finding(level=Level.UNKNOWN, code="queue_unread", facts={"queue": queue.name})


def _answers(broker: Check | None) -> bool:
    return broker is not None and broker.status in (Status.ONLINE, Status.DEGRADED)
