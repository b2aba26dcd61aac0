"""When RabbitMQ's "no message, no consumer" is believed. [pure]

A quorum queue that cannot reach its leader within 250 ms is reported with 0 messages and 0 consumers, as if it were
empty and abandoned. Source: RabbitMQ rabbit_quorum_queue.erl, stat/2.
"""

from store.samples.model import Queue, QueueState

REPEATS = 2
"""How often an abrupt (0, 0) has to be repeated: half a second at one reading every 250 ms."""


class Debounce:
    """What is believed of each queue, reading by reading."""

    def __init__(self) -> None:
        self._believed: dict[str, Queue] = {}
        self._zeros: dict[str, int] = {}
        """How many readings in a row said (0, 0)."""

    def filter(self, queue: Queue) -> Queue:
        """The queue as it is to be believed: as it was before while an abrupt (0, 0) is in doubt, unknown at first."""
        if (queue.ready, queue.consumers) != (0, 0):
            self._zeros.pop(queue.name, None)
        else:
            self._zeros[queue.name] = self._zeros.get(queue.name, 0) + 1
            if self._zeros[queue.name] <= REPEATS:
                return self._believed.get(queue.name, Queue(name=queue.name, state=QueueState.UNKNOWN))
        self._believed[queue.name] = queue
        return queue
