"""What is seen of the watched queues between two samples, joined with what the management API tells. [pure]"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from collector.probes.broker.departures import Movement
from collector.probes.broker.management_figures import Figures
from store.samples.model import Queue, QueueState


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What the watch saw since the previous `take()`."""

    broker_kind: str
    """amqp or redis."""
    queues: tuple[Queue, ...]
    failure: str | None = None
    """Why the last answer is missing: stuck, or a code of `broker_connection.reason_of`. None = the broker answered."""
    latency_ms: float | None = None
    """Duration of the last round over all queues; None before the first."""
    alarm: str | None = None
    """alarm_memory or alarm_disk while the broker blocks publishers; None also where nobody tells."""
    address_index: int = 0
    """Which of the broker's addresses is read, 0 the preferred one."""
    movements: Mapping[str, Movement] = field(default_factory=dict)
    """Queue by queue, what is known of the messages that leave it."""
    unfinished_s: Mapping[str, float] = field(default_factory=dict)
    """Queue by queue, for how long messages have been with a consumer and none was finished. Only where it is known."""

    def joined_with(self, told: Mapping[str, Figures], alarm: str | None) -> "Reading":
        """This, with the figures and the alarm that the management API has `told`."""
        movements = dict(self.movements)
        unfinished_s: dict[str, float] = {}
        for queue in self.queues:
            figures = told.get(queue.name)
            if figures is None or figures.movement is None or queue.state != QueueState.OK:
                continue
            movements[queue.name] = figures.movement.joined_with(movements[queue.name])
            if figures.unfinished_s is not None:
                unfinished_s[queue.name] = figures.unfinished_s
        queues = tuple(_join(queue, told.get(queue.name)) for queue in self.queues)
        return replace(self, queues=queues, alarm=alarm, movements=movements, unfinished_s=unfinished_s)


def _join(queue: Queue, figures: Figures | None) -> Queue:
    if figures is None or queue.state != QueueState.OK:
        return queue
    if figures.is_quorum and (queue.ready, queue.consumers) == (0, 0) and (figures.ready or figures.consumers):
        # A quorum queue without a leader: AMQP says 0, as of an empty one, and the API what its leader last said.
        return Queue(name=queue.name, state=QueueState.UNKNOWN, peak=queue.peak or None)
    return replace(queue, unacked=figures.unacked, in_per_s=figures.in_per_s, out_per_s=figures.out_per_s)
