"""CPU and RAM of a host or a container, as a sample carries them. Unknown is None. [pure]"""

import json
import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from store.errors import BadEntry

F = TypeVar("F", "Cpu", "Ram")


class Scope(StrEnum):
    """Whose resources a number speaks of."""

    CONTAINER = "container"
    HOST = "host"


@dataclass(frozen=True, kw_only=True)
class Cpu:
    """CPU time used since the previous sample."""

    scope: Scope
    percent: float | None = None
    """Of what may be used (`cores`), 0-100."""
    cores: float | None = None
    """Cores that may be used: the cgroup's quota, else its cpuset; on a host, the cores online."""
    throttled_percent: float | None = None
    """Share of the scheduler's periods in which the quota ran out. None without a quota."""
    pressure_percent: float | None = None
    """Share of the time in which some task waited for a CPU (PSI `some`). None where the kernel has no PSI."""


@dataclass(frozen=True, kw_only=True)
class Ram:
    """Memory in use."""

    scope: Scope
    used_bytes: int | None = None
    """In a container the working set: usage less the inactive file cache. On a host total less available."""
    limit_bytes: int | None = None
    """The smallest limit of the cgroup and its ancestors, at most the machine's memory."""
    percent: float | None = None
    """`used_bytes` of `limit_bytes`."""
    peak_bytes: int | None = None
    """Highest usage the kernel has recorded for the cgroup, cache included."""
    oom_kills: int | None = None
    """Processes the kernel has killed for want of memory since the cgroup was made."""
    pressure_percent: float | None = None
    """Share of the time in which some task waited for memory (PSI `some`)."""


@dataclass(frozen=True, kw_only=True)
class Container:
    """What another process of this host reports of its own cgroup."""

    name: str
    age_s: float
    """How old the report was when the sample was taken."""
    cpu: Cpu
    ram: Ram
    sources: int = 1
    """How many containers report under this name at the moment; the figures are those of one of them."""


def parse_container(name: str, age_s: float, body: bytes) -> Container:
    """A container's report, {"cpu": Cpu, "ram": Ram} as JSON, as the sample carries it.

    Raises: BadEntry when it is not one.
    """
    try:
        report = json.loads(body)
        return Container(
            name=name,
            age_s=round(age_s, 1),
            cpu=_figures(Cpu, report["cpu"]),
            ram=_figures(Ram, report["ram"]),
        )
    except (ValueError, TypeError, KeyError) as exc:
        raise BadEntry("not a container's report") from exc


def _figures(kind: type[F], values: Any) -> F:
    """Numbers or None and nothing else: what other processes wrote is not trusted to be what we would have written."""
    if not isinstance(values, dict):
        raise TypeError("not an object")
    numbers = {name: value for name, value in values.items() if name != "scope"}
    if not all(
        value is None or (isinstance(value, int | float) and math.isfinite(value)) for value in numbers.values()
    ):
        raise ValueError("not a number")
    return kind(scope=Scope(values["scope"]), **numbers)
