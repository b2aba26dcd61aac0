"""What the queue watch saw between two samples, joined with the management API's figures. [pure]"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from collector.probes.broker.departures import Movement
from collector.probes.broker.management_figures import Figures
from store.samples.model import Queue, QueueState, Reserved


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What the queue watch saw since the previous `take()`."""

    broker_kind: str
    """amqp or redis."""
    queues: tuple[Queue, ...]
    failure: str | None = None
    """Why there is no answer: stuck, or a code of `broker_connection.reason_of`. None = the broker answered."""
    latency_ms: float | None = None
    """Duration of the last round over all queues; None before the first."""
    alarm: str | None = None
    """alarm_memory or alarm_disk while the broker blocks publishers; None also without a management API."""
    address_index: int = 0
    """The broker's address that is read, 0 the preferred one."""
    movements: Mapping[str, Movement] = field(default_factory=dict)
    """By queue, how messages leave it."""
    reserved: Reserved | None = None
    """On Redis, messages handed out or scheduled; None where it is not known."""
    unfinished_s: Mapping[str, float] = field(default_factory=dict)
    """By queue, for how long messages have been with a consumer while none was finished. Only where known."""

    def joined_with(self, figures_of: Mapping[str, Figures], alarm: str | None, now_s: float) -> "Reading":
        """This reading, of `now_s` (monotonic), with the management API's figures, by queue, and its alarm."""
        movements = dict(self.movements)
        unfinished_s: dict[str, float] = {}
        for queue in self.queues:
            figures = figures_of.get(queue.name)
            if figures is None or figures.movement is None or queue.state != QueueState.OK:
                continue
            late_s = now_s - figures.told_until_s
            movements[queue.name] = figures.movement.joined_with(movements[queue.name], late_s=late_s)
            if figures.unfinished_s is not None:
                unfinished_s[queue.name] = figures.unfinished_s
        queues = tuple(_join(queue, figures_of.get(queue.name)) for queue in self.queues)
        return replace(self, queues=queues, alarm=alarm, movements=movements, unfinished_s=unfinished_s)


def _join(queue: Queue, figures: Figures | None) -> Queue:
    if figures is None or queue.state != QueueState.OK:
        return queue
    if figures.is_quorum and (queue.ready, queue.consumers) == (0, 0) and (figures.ready or figures.consumers):
        # A quorum queue without a leader: AMQP reports 0, the API the leader's last figures.
        return Queue(name=queue.name, state=QueueState.UNKNOWN, peak=queue.peak or None)
    return replace(queue, unacked=figures.unacked, in_per_s=figures.in_per_s, out_per_s=figures.out_per_s)
