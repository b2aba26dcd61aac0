"""Steps: stretches of time, each figure of a host as its count, lowest, sum and highest. [pure]

Count, sum, lowest and highest of a long step follow exactly from those of the short ones within it; an average would
not. A step begins at a whole multiple of its length, counted from the epoch, by Redis' clock.
"""

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from collector.store.columns import SERIES, Row

STEPS_S = (60, 600, 3600)
"""The lengths that are kept, each a whole multiple of the one before."""

MINUTE_S = STEPS_S[0]

FIGURES = SERIES[1:]

DECIMALS = 3
"""Of sums and averages; no probe measures finer."""

Spread = Sequence[float]
"""Of one figure: how many samples knew it, lowest, sum, highest."""


@dataclass(frozen=True)
class Step:
    """One stretch of a host's time."""

    at: int
    """Its beginning, epoch s."""
    samples: int
    figures: Mapping[str, Spread]
    """By name; a figure that no sample knew is not among them."""
    marks: Sequence[Mapping[str, Any]] = field(default=())
    """Each with its instant, `at`. Kept in steps of a minute only."""


def begin(at_s: float, step_s: int) -> int:
    """The beginning of the step that holds an instant (epoch s)."""
    return math.floor(at_s / step_s) * step_s


def make_step(at: int, rows: Sequence[Row]) -> Step:
    """The step that these samples of it make."""
    figures = {}
    for column, name in enumerate(FIGURES, start=1):
        known = [value for row in rows if (value := row.figures[column]) is not None]
        if known:
            figures[name] = (len(known), min(known), _total(known), max(known))
    return Step(at, len(rows), figures, [mark for row in rows for mark in row.marks])


def join_steps(steps: Iterable[Step], step_s: int) -> list[Step]:
    """Steps joined into longer ones, in the order of time."""
    within: dict[int, list[Step]] = defaultdict(list)
    for step in steps:
        within[begin(step.at, step_s)].append(step)
    return [_join(at, parts) for at, parts in sorted(within.items())]


def figures_json(step: Step) -> str:
    """The step's figures as they are kept: {name: [count, lowest, sum, highest]}."""
    return json.dumps({name: list(spread) for name, spread in step.figures.items()}, separators=(",", ":"))


def as_columns(steps: Sequence[Step]) -> tuple[list[list[Any]], list[list[Any]], list[list[Any]]]:
    """Averages, lowest and highest in the order of SERIES; None where nothing was known."""
    instants: list[Any] = [step.at for step in steps]
    averages, lowest, highest = [instants], [instants], [instants]
    for name in FIGURES:
        spreads = [step.figures.get(name) for step in steps]
        averages.append([None if spread is None else round(spread[2] / spread[0], DECIMALS) for spread in spreads])
        lowest.append([None if spread is None else spread[1] for spread in spreads])
        highest.append([None if spread is None else spread[3] for spread in spreads])
    return averages, lowest, highest


def _join(at: int, parts: Sequence[Step]) -> Step:
    if len(parts) == 1 and parts[0].at == at:
        return parts[0]
    figures = {}
    for name in FIGURES:
        spreads = [part.figures[name] for part in parts if name in part.figures]
        if spreads:
            counts, lows, sums, highs = zip(*spreads, strict=True)
            figures[name] = (sum(counts), min(lows), _total(sums), max(highs))
    marks = [mark for part in parts for mark in part.marks]
    return Step(at, sum(part.samples for part in parts), figures, marks)


def _total(values: Iterable[float]) -> float:
    # fsum: the same to the last bit in whatever order the values come.
    return round(math.fsum(values), DECIMALS)
