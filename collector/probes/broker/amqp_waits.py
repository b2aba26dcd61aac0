"""The waiting times of RabbitMQ's queues, from depths and counters. [pure]"""

from collections.abc import Mapping

from collector.probes.broker.counted_arrivals import CountedArrivals
from collector.probes.broker.management_figures import Figures
from collector.probes.broker.waiting import with_wait
from store.samples.model import Basis, Queue, QueueState


class AmqpWaits:
    """Follows the watched queues. All times are monotonic seconds; not thread-safe."""

    def __init__(self) -> None:
        self._queues: dict[str, CountedArrivals] = {}
        self._unread: set[str] = set()
        """Queues that could not be read of late."""

    def see(self, queue: Queue, at_s: float) -> None:
        """Take a reading of a queue's depth."""
        if queue.state == QueueState.MISSING:
            self._queues.pop(queue.name, None)
        if queue.state != QueueState.OK or queue.ready is None:
            self._unread.add(queue.name)
            return
        arrivals, consumers = self._queues.get(queue.name), queue.consumers or 0
        if arrivals is None:
            self._queues[queue.name] = CountedArrivals(queue.ready, consumers, at_s)
        else:
            arrivals.see(queue.ready, consumers, at_s, is_gap=queue.name in self._unread)
        self._unread.discard(queue.name)

    def lose_sight(self) -> None:
        """Note that the broker was not read for a time."""
        self._unread.update(self._queues)

    def count(self, figures_of: Mapping[str, Figures], at_s: float, late_s: float) -> None:
        """Take the counts of a poll that ended at `at_s`, and were `late_s` old at the most."""
        for name, arrivals in self._queues.items():
            figures = figures_of.get(name)
            if figures is not None and figures.arrived is not None:
                arrivals.count(figures.arrived, at_s, late_s)

    def told(self, queue: Queue, figures: Figures | None, now_s: float) -> Queue:
        """The queue with its waiting time. `figures`: the management API's; None if there are none."""
        arrivals = self._queues.get(queue.name)
        if arrivals is None or queue.state != QueueState.OK:
            return queue
        expires_s = figures.expires_s if figures else None
        if not queue.ready or figures is None or figures.arrived is None:
            basis = Basis.DEPTH if figures is None or figures.arrived is None else Basis.MANAGEMENT
            return with_wait(queue, arrivals.limits_by_depth(now_s).within(expires_s), basis)
        is_fifo = not figures.has_priorities and not figures.has_uncounted
        limits = arrivals.limits(now_s) if is_fifo else arrivals.lower_limits(now_s)
        return with_wait(queue, limits.within(expires_s), Basis.MANAGEMENT)
