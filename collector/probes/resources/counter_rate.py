"""How counters become rates: by what they grew between two readings. [pure]"""


class CounterRate:
    """How much one counter grew for each unit that another grew.

    Seconds of CPU per second of time are cores, throttled periods per period are a share.
    """

    def __init__(self) -> None:
        self._previous: tuple[float, float] | None = None

    def update(self, part: float | None, whole: float | None) -> float | None:
        """What `part` grew per unit of `whole` since the last call.

        None on the first call, around a reading that failed, when `whole` stood still, and when either ran backwards:
        then it is another counter, such as that of a container started anew.
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
    """0-100 with one decimal. What lies above comes of clocks read one after the other and is cut off."""
    return None if ratio is None else round(min(ratio, 1.0) * 100, 1)
