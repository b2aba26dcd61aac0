"""Counts of the last minute, and the middle and the tail of the times of the last five. [pure]

Both forget by slices of time, so that a second costs the same whether it brings one event or thousands.
"""

import math
from collections.abc import Iterable

SLICE_S = 10
RATE_S = 60
LEAST_S = 10.0
"""A rate over a shorter time would be a guess."""

DURATION_SLICE_S = 60
DURATIONS_S = 300
_DURATION_SLICES = DURATIONS_S // DURATION_SLICE_S + 1
"""The last five minutes, and the slice that is not over."""

SHORTEST_S = 0.001
_STEPS_PER_OCTAVE = 8
"""Neighbouring bounds lie 9 % apart, so a quantile is at most 4.5 % off."""
_BUCKETS = 27 * _STEPS_PER_OCTAVE
"""Up to a day and a half."""


class Rate:
    """Counts what happens, and how often it did lately."""

    __slots__ = ("_counts", "_newest", "_span_s")

    def __init__(self, span_s: int = RATE_S) -> None:
        """`span_s`: how far back it counts, in whole slices."""
        self._span_s = span_s
        self._counts = [0] * (span_s // SLICE_S + 1)  # The last one is not over.
        self._newest = 0

    def add(self, now_s: float, count: int = 1) -> None:
        """Count what happened now."""
        number = int(now_s) // SLICE_S
        if number != self._newest:
            self._advance(number)
        self._counts[number % len(self._counts)] += count

    def total(self, now_s: float) -> int:
        """How often within the span."""
        self._advance(int(now_s) // SLICE_S)
        return sum(self._counts)

    def per_min(self, now_s: float, since_s: float) -> float | None:
        """Per minute; None when counting began, at `since_s`, too lately to say."""
        covered_s = min(now_s - since_s, self._span_s + now_s % SLICE_S)
        return round(self.total(now_s) * 60 / covered_s, 1) if covered_s >= LEAST_S else None

    def _advance(self, number: int) -> None:
        slices = len(self._counts)
        for each in range(max(self._newest, number - slices) + 1, number + 1):
            self._counts[each % slices] = 0
        self._newest = max(self._newest, number)


class Durations:
    """A histogram of times with logarithmic buckets."""

    __slots__ = ("_counts", "_slices")

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        """How many times are in each bucket."""
        self._slices: dict[int, dict[int, int]] = {}
        """The same by the number of the slice of time, to be taken off when it is over."""

    def add(self, now_s: float, duration_s: float) -> None:
        """Count a time that ended now."""
        number, bucket = int(now_s) // DURATION_SLICE_S, _bucket(duration_s)
        current = self._slices.get(number)
        if current is None:
            self._forget(number)
            current = self._slices[number] = {}
        current[bucket] = current.get(bucket, 0) + 1
        self._counts[bucket] = self._counts.get(bucket, 0) + 1

    def quantiles(self, now_s: float, shares: Iterable[float]) -> list[float | None]:
        """The time that this share of all times does not exceed, for each share; None without any time."""
        self._forget(int(now_s) // DURATION_SLICE_S)
        ordered, total = sorted(self._counts.items()), sum(self._counts.values())
        return [_quantile(ordered, share * total) if total else None for share in shares]

    def _forget(self, number: int) -> None:
        for old in [each for each in self._slices if each <= number - _DURATION_SLICES]:
            for bucket, count in self._slices.pop(old).items():
                self._counts[bucket] -= count
                if not self._counts[bucket]:
                    del self._counts[bucket]


def _bucket(duration_s: float) -> int:
    if duration_s <= SHORTEST_S:
        return 0
    return min(_BUCKETS, math.ceil(math.log2(duration_s / SHORTEST_S) * _STEPS_PER_OCTAVE))


def _quantile(ordered: list[tuple[int, int]], wanted: float) -> float:
    below, bucket = 0, 0
    for bucket, count in ordered:  # noqa: B007  The one where the sum is reached.
        below += count
        if below >= wanted:
            break
    middle_s = SHORTEST_S * 2 ** ((bucket - 0.5) / _STEPS_PER_OCTAVE) if bucket else SHORTEST_S  # By ratio.
    return float(f"{middle_s:.3g}")
