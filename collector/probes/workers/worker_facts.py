"""What workers answer to `stats` and `active`, reduced to the few figures that the panel keeps. [pure]

The answers hold more: addresses and options of the broker, the arguments of running tasks. None of that is kept. They
are text from outside, so every figure is checked and the number of names is bounded.

Source: celery 4.4 to 5.7, worker/worker.py, worker/control.py, worker/request.py, concurrency/*.py.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from store.samples.workload import OTHERS

MAX_NAMES = 1000
"""Task names read from one answer; those beyond count together as OTHERS."""


@dataclass(frozen=True, kw_only=True)
class Stats:
    """A worker's answer to `stats`."""

    at_s: float
    """When it was read, monotonic."""
    pid: int | None = None
    slots: int | None = None
    """How many tasks it runs at once."""
    prefetch: int | None = None
    """How many messages it may hold at once; 0 = no limit."""
    started: Mapping[str, int] = field(default_factory=dict)
    """By task name, how many it has started since it was started itself."""
    knows_safe: bool = False
    """Whether it can leave the tasks' arguments out of its answer to `active`. Older workers send them whole."""
    is_solo: bool = False
    """Whether it runs tasks in the process that answers: whenever it speaks, it runs none."""
    warns: bool = False
    """Whether this question may have made it log a warning: kombu warns of a Redis URL without a host."""


@dataclass(frozen=True, kw_only=True)
class Running:
    """A worker's answer to `active`."""

    at_s: float
    """When it was read, monotonic."""
    busy: int
    """How many tasks it runs."""
    oldest_s: float | None = None
    """For how long the oldest of them runs, by this host's clock and the worker's."""


def read_stats(answer: Any, at_s: float) -> Stats | None:
    """The figures in an answer; None if it is none, such as `{"error": …}`."""
    if not isinstance(answer, dict) or not isinstance(answer.get("total"), dict):
        return None
    told = answer.get("pool")
    pool = told if isinstance(told, dict) else {}
    return Stats(
        at_s=at_s,
        pid=_count(answer.get("pid")),
        slots=_count(pool.get("max-concurrency")),
        prefetch=_count(answer.get("prefetch_count")),
        started=_started(answer["total"]),
        is_solo=pool.get("processes") == [answer.get("pid")],
        knows_safe="implementation" in pool,  # Pools tell it since Celery 5.3; `safe` is known since 5.2.
        warns=_warns(answer.get("broker")),
    )


def read_running(answer: Any, at_s: float, wall_s: float) -> Running | None:
    """The figures in an answer; None if it is none. `wall_s`: this host's clock, epoch s."""
    if not isinstance(answer, list):
        return None
    starts = [task.get("time_start") for task in answer if isinstance(task, dict)]
    known = [start for start in starts if isinstance(start, float) and 0 < start < 1e11]
    oldest_s = max(0.0, wall_s - min(known)) if known else None
    return Running(at_s=at_s, busy=len(answer), oldest_s=oldest_s)


def _started(total: Mapping[str, Any]) -> Mapping[str, int]:
    counts: Counter[str] = Counter()
    for name, value in total.items():
        if (count := _count(value)) is not None:
            counts[name if len(counts) < MAX_NAMES else OTHERS] += count
    return counts


def _warns(broker: Any) -> bool:
    """Whether the broker's URL may lack its host: kombu then says `localhost`, and logs that it does."""
    if not isinstance(broker, dict) or broker.get("transport") != "redis":
        return False
    return broker.get("hostname") == "localhost" and broker.get("virtual_host") in (None, "", "/")


def _count(value: Any) -> int | None:
    """A whole number that is not negative. By its very type: a bool is none."""
    return value if type(value) is int and 0 <= value < 2**53 else None
