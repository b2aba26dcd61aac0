"""Samples as columns, the shape that uPlot draws. [pure]"""

from collections.abc import Iterable, Mapping
from typing import Any

from collector.store.errors import BadEntry
from collector.store.live import Entry
from collector.store.model import parse_wire

SERIES = ("at", "cpu", "ram_percent", "ram", "queue_size", "queue_peak", "host_cpu", "host_ram_percent")
"""The columns, in their order: epoch s; percent; percent; MiB; messages; messages; percent; percent."""


def columns(entries: Iterable[Entry], host: str) -> tuple[list[list[Any]], str | None]:
    """One host's samples as aligned columns in the order of SERIES, and the id of the newest.

    None stands for what was not known. Entries that are not samples are skipped.
    """
    rows: list[tuple[Any, ...]] = []
    last_id = None
    for entry in entries:
        if entry.host != host:
            continue
        try:
            rows.append(_row(parse_wire(entry.sample)))
        except BadEntry:
            continue
        last_id = entry.id
    return ([list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in SERIES]), last_id


def _row(wire: Mapping[str, Any]) -> tuple[Any, ...]:
    host_percents = (_percent(wire.get("detail"), name) for name in ("host_cpu", "host_ram"))
    return (wire["at"], *(_number(value) for value in (*map(wire.get, SERIES[1:6]), *host_percents)))


def _percent(detail: Any, name: str) -> Any:
    part = detail.get(name) if isinstance(detail, dict) else None
    return part.get("percent") if isinstance(part, dict) else None


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
