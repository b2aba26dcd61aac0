"""What a sample tells of a queue's waiting time: a value, a lower bound, or nothing. [pure]"""

import math
from dataclasses import dataclass, replace

from store.samples.model import Basis, Queue

RESOLUTION_S = 6.0
"""So close to the truth a waiting time is that is told as a value."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Between which limits the oldest waiting message's age lies; None = no limit is known."""

    at_least_s: float | None = None
    at_most_s: float | None = None

    def joined_with(self, other: "Limits") -> "Limits":
        """The limits of the older of two messages."""
        lows = [each for each in (self.at_least_s, other.at_least_s) if each is not None]
        highs = [each for each in (self.at_most_s, other.at_most_s) if each is not None]
        return Limits(at_least_s=max(lows, default=None), at_most_s=max(highs) if len(highs) == 2 else None)

    def within(self, longest_s: float | None) -> "Limits":
        """The limits of a message that expires after so long; None = never."""
        if longest_s is None:
            return self
        low, high = self.at_least_s, self.at_most_s
        return Limits(
            at_least_s=None if low is None else min(low, longest_s),
            at_most_s=longest_s if high is None else min(high, longest_s),
        )


def with_wait(queue: Queue, limits: Limits, basis: Basis) -> Queue:
    """The queue with its waiting time: the middle of limits that are close to each other, else the lower one."""
    if not queue.ready:
        return replace(queue, wait_s=0.0, wait_is_bound=False, basis=basis)
    low, high = limits.at_least_s, limits.at_most_s
    if high is not None and high - (low or 0.0) <= RESOLUTION_S:
        return replace(queue, wait_s=round((max(0.0, low or 0.0) + max(0.0, high)) / 2, 1), basis=basis)
    if low is None:
        return queue
    # Rounded down: a bound is never more than is known.
    return replace(queue, wait_s=math.floor(max(0.0, low) * 10) / 10, wait_is_bound=True, basis=basis)
