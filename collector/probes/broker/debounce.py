"""Debounces RabbitMQ's answer "no messages, no consumers". [pure]

RabbitMQ reports a quorum queue that cannot reach its leader within 250 ms with 0 messages and 0 consumers, as if it
were empty and abandoned. Source: RabbitMQ rabbit_quorum_queue.erl, stat/2.
"""

from store.samples.model import Queue, QueueState

REPEATS = 2
"""How often a sudden (0, 0) must repeat before it counts: half a second at one reading every 250 ms."""


class Debounce:
    """Filters the readings of all queues."""

    def __init__(self) -> None:
        self._confirmed: dict[str, Queue] = {}
        self._zeros: dict[str, int] = {}
        """Readings of (0, 0) in a row."""

    def filter(self, queue: Queue) -> Queue:
        """The queue, or while a sudden (0, 0) is unconfirmed, the queue as it was before; unknown if never read."""
        if (queue.ready, queue.consumers) != (0, 0):
            self._zeros.pop(queue.name, None)
        else:
            self._zeros[queue.name] = self._zeros.get(queue.name, 0) + 1
            if self._zeros[queue.name] <= REPEATS:
                return self._confirmed.get(queue.name, Queue(name=queue.name, state=QueueState.UNKNOWN))
        self._confirmed[queue.name] = queue
        return queue
