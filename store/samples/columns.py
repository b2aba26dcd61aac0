"""Turns samples into columns, the shape that uPlot draws, and collects their marks. [pure]"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from store.errors import BadEntry
from store.samples.entries import Entry
from store.samples.wire import parse_wire

SERIES = (
    "at", "cpu", "ram_percent", "ram", "queue_size", "queue_peak", "host_cpu", "host_ram_percent",
    "in_per_s", "out_per_s", "database_ms", "worker_ms", "rabbitmq_ms", "slots", "busy",
    "started_per_s", "failed_per_min", "wait_s",
)  # fmt: skip
"""The columns, in their order: epoch s; percent; percent; MiB; messages; messages; percent; percent; messages a second
that come in and that are finished, summed over the queues; the checks' latencies in ms; the workers' slots, how many of
them run a task, the tasks that they start per second, and those that fail per minute; how long the oldest message of
all queues has waited, in s, which may be a lower bound."""

MAX_MARKS = 500
"""Only the newest marks are answered: a chart cannot show more of them apart."""

_NUMBERS = (float, int)


@dataclass(frozen=True)
class Row:
    """One sample: its figures in the order of SERIES, None where unknown, and its marks with their times."""

    figures: list[float | None]
    marks: list[dict[str, Any]] = field(default_factory=list)

    @property
    def at_s(self) -> float:
        """When it was taken (epoch s, the collector's clock)."""
        return self.figures[0] or 0.0


def columns(entries: Iterable[Entry], host: str) -> tuple[list[list[Any]], list[dict[str, Any]], str | None]:
    """One host's samples as aligned columns in the order of SERIES, their marks, and the id of the newest.

    Entries that are not samples are skipped.
    """
    rows: list[list[Any]] = []
    marks: list[dict[str, Any]] = []
    last_id = None
    for entry in entries:
        row = read_row(entry) if entry.host == host else None
        if row is not None:
            rows.append(row.figures)
            marks += row.marks
            last_id = entry.id
    return transpose(rows), marks[-MAX_MARKS:], last_id


def transpose(rows: list[list[Any]]) -> list[list[Any]]:
    """Rows in the order of SERIES as columns; as many of them, empty, where there are no rows."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in SERIES]


def read_row(entry: Entry) -> Row | None:
    """The entry's figures and marks; None when it is not a sample."""
    try:
        wire = parse_wire(entry.sample)
    except BadEntry:
        return None
    at_s = _number(wire["at"])
    if at_s is None:
        return None
    detail, checks, crew = wire.get("detail"), wire.get("checks"), wire.get("crew")
    figures = (
        *map(wire.get, SERIES[1:6]),
        _part(detail, "host_cpu", "percent"),
        _part(detail, "host_ram", "percent"),
        _sum_queues(wire.get("queues"), "in_per_s"),
        _sum_queues(wire.get("queues"), "out_per_s"),
        *(_part(checks, name, "latency_ms") for name in ("database", "worker", "rabbitmq")),
        *(
            crew.get(name) if isinstance(crew, dict) else None
            for name in ("slots", "busy", "started_per_s", "failed_per_min")
        ),
        max(_of_each_queue(wire.get("queues"), "wait_s"), default=None),
    )
    return Row([at_s, *map(_number, figures)], _marks(wire.get("marks"), at_s))


def _part(whole: Any, name: str, figure: str) -> Any:
    part = whole.get(name) if isinstance(whole, dict) else None
    return part.get(figure) if isinstance(part, dict) else None


def _sum_queues(queues: Any, figure: str) -> float | None:
    known = _of_each_queue(queues, figure)
    return round(math.fsum(known), 3) if known else None


def _of_each_queue(queues: Any, figure: str) -> list[float]:
    """The figure of each queue that exists; none when one of them does not tell: a part is not the whole."""
    there = [queue for queue in queues if _is_there(queue)] if _is_list(queues) else []
    known = [value for queue in there if (value := _number(queue.get(figure))) is not None]
    return known if len(known) == len(there) else []


def _is_there(queue: Any) -> bool:
    return isinstance(queue, dict) and queue.get("state") != "missing"


def _marks(marks: Any, at_s: float) -> list[dict[str, Any]]:
    """The marks that have the form of ours: foreign entries may hold anything."""
    return [{**mark, "at": at_s} for mark in marks if _is_mark(mark)] if _is_list(marks) else []


def _is_mark(mark: Any) -> bool:
    if not isinstance(mark, Mapping) or not 2 <= len(mark) <= 4:
        return False
    return isinstance(mark.get("kind"), str) and all(
        value is None or (isinstance(value, str) and len(value) <= 255) or _number(value) is not None
        for value in mark.values()
    )


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _number(value: Any) -> float | None:
    """The value if it is a finite number, else None. JSON numbers may exceed a float; a bool is no number."""
    return value if type(value) in _NUMBERS and -1e18 < value < 1e18 else None
