"""The verdict on a host: whether messages go through, and if not, why. [pure]

The collector judges once, beside the sample, and the verdict travels in it. The page, `/healthz` and every other
reader show this verdict; none of them judges again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Facts = Mapping[str, float | str]


class Level(StrEnum):
    """How bad it is. The order is the order of severity."""

    FINE = "fine"
    UNKNOWN = "unknown"
    """Not enough is known to say that messages go through."""
    ATTENTION = "attention"
    BAD = "bad"
    """Messages do not go through."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing to say, as a code that the page has a sentence for. `facts` are the numbers and names in it."""

    level: Level
    code: str
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Verdict(Finding):
    """The judgement of one sample: the worst finding, and the others."""

    also: tuple[Finding, ...] = ()
    """The other findings, worst first."""
    cause: Finding | None = None
    """Why it is not fine, with the evidence; None where it is fine or the cause is unknown."""


OLDER_COLLECTOR = "older_collector"
"""The code of a sample without a verdict, which a collector before 1.8.0 wrote."""

_LEVELS = frozenset(Level)


def read_headline(verdict: Any) -> Finding:
    """Level and code of a verdict's wire form, without its facts. What is not known is never fine."""
    if not isinstance(verdict, dict):
        return Finding(level=Level.UNKNOWN, code=OLDER_COLLECTOR)
    level, code = verdict.get("level"), verdict.get("code")
    return Finding(
        level=Level(level) if isinstance(level, str) and level in _LEVELS else Level.UNKNOWN,
        code=code if isinstance(code, str) else "",
    )
