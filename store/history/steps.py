"""Steps: stretches of time, each figure of a host as its count, lowest, sum and highest. [pure]

Count, sum, lowest and highest of a long step follow exactly from those of the short ones within it; an average would
not. A step begins at a whole multiple of its length, counted from the epoch, by Redis' clock.
"""

import math
import struct
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from store.samples.columns import SERIES, Row

STEPS_S = (60, 600, 3600)
"""The lengths that are kept, each a whole multiple of the one before."""

MINUTE_S = STEPS_S[0]

FIGURES = SERIES[1:]

DECIMALS = 3
"""Of sums and averages; no probe measures finer."""

_SCALE = 10**DECIMALS

NUMBERS = 4
"""Kept of each figure: how many samples knew it, the lowest, the sum, the highest. All 0 where none knew it."""

_UNKNOWN = (0.0,) * NUMBERS

_PACKED = struct.Struct(f"<{len(FIGURES) * NUMBERS}d")


class Step(NamedTuple):
    """One stretch of a host's time. A tuple: a question makes thousands of them."""

    at: int
    """Its beginning, epoch s."""
    samples: int
    numbers: Sequence[float]
    """NUMBERS of each figure, in the order of FIGURES."""
    marks: Sequence[Mapping[str, Any]] = ()
    """Each with its instant, `at`. Kept in steps of a minute only."""

    def spread(self, name: str) -> Sequence[float] | None:
        """Count, lowest, sum and highest of one figure; None when no sample knew it."""
        first = FIGURES.index(name) * NUMBERS
        return self.numbers[first : first + NUMBERS] if self.numbers[first] else None


def begin(at_s: float, step_s: int) -> int:
    """The beginning of the step that holds an instant (epoch s)."""
    return math.floor(at_s / step_s) * step_s


def make_step(at: int, rows: Sequence[Row]) -> Step:
    """The step that these samples of it make."""
    numbers: list[float] = []
    for column in range(1, len(SERIES)):
        known = [value for row in rows if (value := row.figures[column]) is not None]
        numbers += (len(known), min(known), _total(known), max(known)) if known else _UNKNOWN
    return Step(at, len(rows), numbers, [mark for row in rows for mark in row.marks])


def join_steps(steps: Iterable[Step], step_s: int) -> list[Step]:
    """Steps joined into longer ones, in the order of time."""
    within: dict[int, list[Step]] = defaultdict(list)
    for step in steps:
        within[begin(step.at, step_s)].append(step)
    return [_join(at, parts) for at, parts in sorted(within.items())]


def pack(step: Step) -> bytes:
    """The step's numbers as they are kept: doubles, little-endian. Read four times as fast as JSON, and smaller."""
    return struct.pack(f"<{len(step.numbers)}d", *step.numbers)


def unpack(packed: bytes) -> Sequence[float]:
    """What `pack` has packed. Figures that have come since are unknown."""
    if len(packed) == _PACKED.size:
        return _PACKED.unpack(packed)
    numbers = struct.unpack(f"<{len(packed) // 8}d", packed)
    return numbers + (0.0,) * (len(FIGURES) * NUMBERS - len(numbers))


def as_columns(steps: Sequence[Step]) -> tuple[list[list[Any]], list[list[Any]], list[list[Any]]]:
    """Averages, lowest and highest in the order of SERIES; None where nothing was known."""
    instants: list[Any] = [step.at for step in steps]
    averages, lowest, highest = [instants], [instants], [instants]
    columns = list(zip(*(step.numbers for step in steps), strict=True)) or [()] * (len(FIGURES) * NUMBERS)
    for first in range(0, len(columns), NUMBERS):
        counts, lows, sums, highs = columns[first : first + NUMBERS]
        averages.append(_averages(counts, sums))
        lowest.append(_known(counts, lows))
        highest.append(_known(counts, highs))
    return averages, lowest, highest


def _averages(counts: Sequence[float], sums: Sequence[float]) -> list[float | None]:
    # round() takes three times as long, which for a day's minutes is most of the answer's.
    return [
        int(total * _SCALE / count + 0.5) / _SCALE if count else None for count, total in zip(counts, sums, strict=True)
    ]


def _known(counts: Sequence[float], values: Sequence[float]) -> list[float | None]:
    # Mostly a figure is always known, which `all` finds out sooner than a loop copies.
    if all(counts):
        return list(values)
    return [value if count else None for count, value in zip(counts, values, strict=True)]


def _join(at: int, parts: Sequence[Step]) -> Step:
    if len(parts) == 1 and parts[0].at == at:
        return parts[0]
    numbers: list[float] = []
    for first in range(0, len(FIGURES) * NUMBERS, NUMBERS):
        known = [spread for part in parts if (spread := part.numbers[first : first + NUMBERS])[0]]
        if known:
            counts, lows, sums, highs = zip(*known, strict=True)
            numbers += (sum(counts), min(lows), _total(sums), max(highs))
        else:
            numbers += _UNKNOWN
    marks = [mark for part in parts for mark in part.marks]
    return Step(at, sum(part.samples for part in parts), numbers, marks)


def _total(values: Iterable[float]) -> float:
    # fsum: the same to the last bit in whatever order the values come.
    return round(math.fsum(values), DECIMALS)
