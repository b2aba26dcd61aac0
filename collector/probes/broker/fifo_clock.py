"""The FIFO clock: how long the oldest waiting message of a queue has waited, from counted arrivals alone. [pure]

Of n waiting messages the oldest is the n-th latest arrival, so it arrived when the count of arrivals passed
`arrived - n`. If messages do not leave in order (priorities, messages given back), it is still *at least* so old: n
different messages wait, and only n - 1 have arrived later than the n-th latest.
"""

from bisect import bisect_right

POINTS = 512
"""Most points kept of one queue, some 8 kB."""

STEP_S = 1.0
"""Arrivals within this time share a point."""

_KEPT = POINTS * 3 // 4
_FIRST_SHARE = 1 / 256
"""Points may go that change a message's age by less than this share of it; more, while there are too many."""


class FifoClock:
    """One queue's arrivals since the clock began, as points of a rising line. Times are monotonic seconds."""

    def __init__(self, at_s: float) -> None:
        """Begin at `at_s` with no arrivals; what waits already came before."""
        self._times = [at_s]
        self._totals = [0.0]

    @property
    def began_at_s(self) -> float:
        """When counting began."""
        return self._times[0]

    @property
    def arrived(self) -> float:
        """How many have arrived since."""
        return self._totals[-1]

    def arrived_by(self, at_s: float) -> float:
        """How many had arrived at an instant."""
        after = bisect_right(self._times, at_s)
        if after == 0:
            return 0.0
        if after == len(self._times):
            return self._totals[-1]
        return self._between(after, at_s)

    def add(self, count: float, since_s: float, until_s: float) -> None:
        """Note arrivals evenly over a time that may have passed already."""
        if count <= 0:
            return
        first = self._point(max(since_s, self._times[0]))
        last = self._point(max(until_s, self._times[first]))
        if first == last:  # At one instant: a step of the line.
            self._times.insert(last + 1, self._times[first])
            self._totals.insert(last + 1, self._totals[first])
            last += 1
        begin_s, span_s = self._times[first], self._times[last] - self._times[first]
        for index in range(first + 1, len(self._times)):
            share = min(1.0, (self._times[index] - begin_s) / span_s) if span_s else 1.0
            self._totals[index] += count * share
        self._join_last()
        if len(self._times) > POINTS:
            self._thin()

    def cap(self, arrived: float, at_s: float) -> None:
        """Take back what was counted by `at_s` beyond `arrived`: it was no arrival."""
        excess = self.arrived_by(at_s) - arrived
        if excess <= 0:
            return
        last = self._point(at_s)
        for index in range(len(self._times)):
            total = self._totals[index]
            self._totals[index] = total - excess if index > last else min(total, max(0.0, arrived))

    def passed(self, total: float) -> tuple[float, float] | None:
        """Between which two instants the count passed `total`; None if that was before the clock began.

        The first is the best guess, arrivals between two points being even; the second is the latest it may have been.
        """
        after = bisect_right(self._totals, total)
        if total < self._totals[0]:
            return None
        if after == len(self._totals):
            return self._times[-1], self._times[-1]
        low, high = self._totals[after - 1], self._totals[after]
        begin_s, end_s = self._times[after - 1], self._times[after]
        return begin_s + min(1.0, (total + 1 - low) / (high - low)) * (end_s - begin_s), end_s

    def _between(self, after: int, at_s: float) -> float:
        begin_s, end_s = self._times[after - 1], self._times[after]
        low, high = self._totals[after - 1], self._totals[after]
        return low + (high - low) * (at_s - begin_s) / (end_s - begin_s)

    def _point(self, at_s: float) -> int:
        """The index of the point at an instant, after the steps of that instant; made if there is none."""
        after = bisect_right(self._times, at_s)
        if after and self._times[after - 1] == at_s:
            return after - 1
        total = self._totals[-1] if after == len(self._times) else self._between(after, at_s)
        self._times.insert(after, at_s)
        self._totals.insert(after, total)
        return after

    def _join_last(self) -> None:
        """Let arrivals that follow one another at once share a point, and a time without arrivals two."""
        times, totals = self._times, self._totals
        while len(times) > 2:
            is_flat = totals[-3] == totals[-2] == totals[-1]
            is_rising = totals[-3] < totals[-2] < totals[-1] and times[-1] - times[-3] <= STEP_S
            if not is_flat and not is_rising:
                return
            del times[-2], totals[-2]

    def _thin(self) -> None:
        """Drop the points that matter least: of those no age changes much, relative to itself."""
        share = _FIRST_SHARE
        while len(self._times) > _KEPT:
            self._drop_within(share)
            share *= 2

    def _drop_within(self, share: float) -> None:
        times, totals = self._times, self._totals
        kept = [0]
        for index in range(1, len(times) - 1):
            # Never two in a row, or small errors would add up to a large one.
            if kept[-1] == index - 1 and self._error_s(index) <= share * (times[-1] - times[index]):
                continue
            kept.append(index)
        kept.append(len(times) - 1)
        self._times, self._totals = [times[each] for each in kept], [totals[each] for each in kept]

    def _error_s(self, index: int) -> float:
        """By how much the instant of the point's arrival would change without it."""
        low, total, high = self._totals[index - 1 : index + 2]
        begin_s, at_s, end_s = self._times[index - 1 : index + 2]
        if high == low:
            return 0.0
        return abs(begin_s + (end_s - begin_s) * (total - low) / (high - low) - at_s)
