"""The growth of a counter whose owner may be started again, and its pace per minute. [pure]"""

from collections import deque

WINDOW_S = 60.0
"""The stretch of time that a pace is of, and the longest one."""

STEP_S = 5.0
"""Least time between two points that are kept, and least stretch of a pace."""

LONGEST_S = 90.0
"""A pace whose last point is older than this is unknown."""

DOUBT_S = 120.0
"""Two starts within this time look like two processes that count under one name."""


def rounded(figure: float | None, digits: int = 1) -> float | None:
    """The figure as it is shown."""
    return None if figure is None else round(figure, digits)


class Growth:
    """How much a counter has grown. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._owner: int | None = None
        self._count: int | None = None
        self._starts: deque[float] = deque(maxlen=2)
        self.is_anew = False
        """Whether the last growth is counted from 0: the owner was started again."""

    def note(self, at_s: float, count: int, owner: int | None) -> int | None:
        """The growth since the last count; None for the first one and in doubt. `owner`: the counting process."""
        before, self._count = self._count, count
        is_other = None not in (owner, self._owner) and owner != self._owner
        self._owner = owner if owner is not None else self._owner
        if before is None:
            return None
        self.is_anew = is_other or count < before
        if self.is_anew:
            self._starts.append(at_s)
        if len(self._starts) == 2 and at_s - self._starts[0] < DOUBT_S:
            return None
        return count if self.is_anew else count - before


class Pace:
    """How much comes per minute. Times are monotonic seconds."""

    def __init__(self, at_s: float) -> None:
        """`at_s`: since when all that comes is noted."""
        self._points: deque[tuple[float, int]] = deque([(at_s, 0)])

    def note(self, at_s: float, amount: int) -> None:
        """Note what has come since the last note."""
        last_s, total = self._points[-1]
        if len(self._points) >= 2 and last_s - self._points[-2][0] < STEP_S:
            self._points.pop()
        self._points.append((max(at_s, last_s), total + amount))
        while len(self._points) > 2 and self._points[1][0] <= at_s - WINDOW_S:
            self._points.popleft()

    def per_min(self, now_s: float, window_s: float = WINDOW_S) -> float | None:
        """The pace of the last `window_s`; None while too little time is covered, or if nothing was noted for long."""
        last_s, last = self._points[-1]
        first_s, first = next(
            (point for point in reversed(self._points) if last_s - point[0] >= window_s), self._points[0]
        )
        if last_s - first_s < STEP_S or now_s - last_s > LONGEST_S:
            return None
        return 60 * (last - first) / (last_s - first_s)
