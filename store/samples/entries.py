"""Raw data from Redis: entries of the stream, hosts, containers' reports. [pure]"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from store import keys

CLOCK_SLACK_S = 1.0
"""How far in the future an entry may seem to be: stamping ids and reading the clock are two steps."""


@dataclass(frozen=True)
class Entry:
    """One raw entry of the stream; nobody has checked `sample`, which may be anything."""

    id: str
    host: str
    sample: bytes
    is_farewell: bool = False
    """The operator has forgotten this host; there is no sample."""


@dataclass(frozen=True)
class News:
    """What was written since: samples, and the ids of the log groups that have changed."""

    entries: list[Entry]
    log_groups: list[str]
    """Raw: nobody has checked them."""
    last_log_id: str


@dataclass(frozen=True)
class Host:
    """A host, with the age of its newest sample by Redis' clock."""

    host: str
    last_at: float
    age_s: float


@dataclass(frozen=True)
class Report:
    """A container's raw report; nobody has checked `body`."""

    name: str
    age_s: float
    body: bytes
    source: str = ""
    """Tells containers with the same name apart."""


@dataclass(frozen=True)
class Tables:
    """The workers' tables of a host as they are stored; nobody has checked `body`."""

    now_s: float
    """The store's clock when they were read."""
    age_s: float | None = None
    """How long ago they were written; None = there are none."""
    body: bytes = b""


def parse_entry(raw: tuple[bytes, dict[bytes, bytes] | None]) -> Entry:
    """An entry as redis-py gives it; a deleted one has no values."""
    entry_id, values = raw
    values = values or {}
    return Entry(
        entry_id.decode(),
        values.get(b"host", b"").decode("utf-8", "replace"),
        values.get(b"sample", b""),
        is_farewell=b"forgotten" in values,
    )


def parse_news(answer: Sequence[Any], logs_after: str) -> News:
    """What XREAD has found in the streams of samples and logs; `logs_after`: the id after which logs were asked for."""
    streams = {name.decode(): rows for name, rows in answer}
    logs = streams.get(keys.LOGS, [])
    groups = b" ".join((values or {}).get(b"groups", b"") for _, values in logs)
    return News(
        [parse_entry(raw) for raw in streams.get(keys.SAMPLES, [])],
        groups.decode("utf-8", "replace").split(),
        logs[-1][0].decode() if logs else logs_after,
    )


def parse_report(name: bytes, value: bytes, now_ms: float) -> Report | None:
    """A report as redis-py gives it; None if it has no stamp like ours."""
    at_ms, _, body = value.partition(b" ")
    if not at_ms.isdigit():
        return None
    own_name, _, source = name.decode("utf-8", "replace").partition(keys.SOURCE)
    return Report(own_name, max(0.0, (now_ms - int(at_ms)) / 1000), body, source)


def parse_tables(value: bytes | None, now_s: float) -> Tables:
    """The tables as redis-py gives them; without a body if they have no stamp like ours."""
    at_ms, _, body = (value or b"").partition(b" ")
    if not at_ms.isdigit() or len(at_ms) > len("9" * 15):
        return Tables(now_s)
    return Tables(now_s, age_s(now_s - int(at_ms) / 1000), body)


def store_time_s(time: tuple[int, int], offset_ms: bytes | None) -> float:
    """The store's clock (epoch s) from Redis' TIME and the field `keys.OFFSET`."""
    seconds, microseconds = time
    try:
        offset_s = int(offset_ms or 0) / 1000
    except ValueError:
        offset_s = 0.0
    return seconds + microseconds / 1e6 + offset_s


def age_s(age_s: float) -> float:
    """An age, never negative. A time in the future means that Redis' clock was set back: the age is then very high."""
    return max(0.0, age_s) if age_s > -CLOCK_SLACK_S else keys.HOST_RETENTION_S
