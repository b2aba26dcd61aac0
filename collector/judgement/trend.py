"""How a queue's depth has changed over the last samples. Rates average over seconds; the depth is what it is. [pure]"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from store.samples.model import Queue

SAMPLES = 6
"""So many samples are looked at: 15 s."""

UNSEEN_S = 30.0
"""A longer time between two samples hides what the depth did in it."""


@dataclass(frozen=True, kw_only=True)
class Trend:
    """One queue's depth lately."""

    step: int
    """By how much it has changed since the sample before."""
    slope_per_s: float | None
    """How fast it rises (above 0) or falls, on average since it turned; None if it turned with the last step."""


class Depths:
    """Follows the depths, sample by sample. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._read: dict[str, deque[tuple[float, int]]] = {}

    def follow(self, queues: Iterable[Queue], now_s: float) -> dict[str, Trend]:
        """Take a sample's queues. The trend of each by name, from its second sample on."""
        before, self._read = self._read, {}
        for queue in queues:
            if queue.ready is None:
                continue
            known = before.get(queue.name)
            if known is None or now_s - known[-1][0] > UNSEEN_S:
                known = deque(maxlen=SAMPLES)
            known.append((now_s, queue.ready))
            self._read[queue.name] = known
        return {name: _trend(list(read)) for name, read in self._read.items() if len(read) > 1}


def _trend(read: list[tuple[float, int]]) -> Trend:
    step = read[-1][1] - read[-2][1]
    first = len(read) - 1
    while first > 0 and (read[first][1] - read[first - 1][1]) * step > 0:
        first -= 1
    (since_s, began), (now_s, ready) = read[first], read[-1]
    is_run = len(read) - 1 - first >= 2 and now_s > since_s
    return Trend(step=step, slope_per_s=(ready - began) / (now_s - since_s) if is_run else None)
