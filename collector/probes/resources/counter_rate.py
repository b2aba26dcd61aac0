"""Turns counters into rates by their growth between two readings. [pure]"""


class CounterRate:
    """The growth of one counter per unit of growth of another.

    CPU seconds per second are cores; throttled periods per period are a share.
    """

    def __init__(self) -> None:
        self._previous: tuple[float, float] | None = None

    def update(self, part: float | None, whole: float | None) -> float | None:
        """The growth of `part` per unit of `whole` since the last call.

        None on the first call, on and after a failed reading, if `whole` stood still, and if either ran backwards: then
        it is another counter, as after a container's restart.
        """
        now = None if part is None or whole is None else (part, whole)
        previous, self._previous = self._previous, now
        if now is None or previous is None:
            return None
        part_grown, whole_grown = now[0] - previous[0], now[1] - previous[1]
        if part_grown < 0 or whole_grown <= 0:
            return None
        return part_grown / whole_grown


def to_percent(ratio: float | None) -> float | None:
    """0-100 with one decimal. A ratio above 1, which comes from clocks read one after the other, is cut."""
    return None if ratio is None else round(min(ratio, 1.0) * 100, 1)
