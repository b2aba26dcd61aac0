"""Messages that reach a queue and are not counted as published: dead-lettered, delayed and shovelled ones. [pure]

RabbitMQ counts them nowhere, but they show in the balance: waiting, handed out and finished messages together less the
published ones. Its parts are not of one instant, so in traffic the balance swings; only what stays above the
swing for several polls has come uncounted. What expires or is purged lowers the balance for good.
"""

from collections import deque

POLLS = 4
"""So many polls in a row must show more than came and left in that time: depths are up to 10 s late, counts 5. What
comes uncounted is noticed 20 to 40 s late, and so makes messages seem younger.
"""


class Uncounted:
    """Follows one queue, poll by poll."""

    def __init__(self) -> None:
        self.total = 0
        """How many have come."""
        self._balances: deque[int] = deque(maxlen=POLLS)
        self._flows: deque[int] = deque(maxlen=POLLS)
        self._floor: int | None = None
        self._before: tuple[int, int, int] | None = None

    def note(self, published: int, held: int, finished: int) -> int:
        """Take a poll's counts; `held` are the messages in the queue, waiting or handed out. Returns the total."""
        balance, now = held + finished - published, (published, held, finished)
        if self._before is not None:
            self._flows.append(max(abs(after - before) for after, before in zip(now, self._before, strict=True)))
        self._before = now
        self._balances.append(balance)
        if len(self._balances) < POLLS:
            return self.total
        lowest, highest = min(self._balances), max(self._balances)
        if self._floor is None or highest < self._floor:
            self._floor = highest
        elif lowest > self._floor + sum(self._flows):
            self.total += lowest - self._floor
            self._floor = lowest
        return self.total
