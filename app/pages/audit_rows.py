"""The rows of the audit page: a live connection is one row, from its opening to its end. [pure]"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.accounts.audit import StoredEvent

OPENED, CLOSED = "stream_opened", "stream_closed"
CONNECTION = "stream"
"""The kind of a row that stands for both."""


@dataclass(frozen=True)
class Row:
    """One row: an event, or a whole connection with its end."""

    at: float
    kind: str
    who: str
    address: str
    detail: str
    count: int = 1
    until: float | None = None
    """When the connection ended (epoch s); None for an event."""


@dataclass
class _Open:
    """The connections of one user from one address that are open at an event."""

    count: int = 0
    only: StoredEvent | None = None
    """The opening, while no other connection makes it unclear whose the next end is."""


def join_connections(events: Sequence[StoredEvent]) -> list[Row]:
    """The rows of `events`, newest first as they are. An opening and an end are joined only where nothing else could
    belong to either: no event names its connection.
    """
    opened: dict[tuple[str, str], _Open] = {}
    ends: dict[int, StoredEvent] = {}
    for event in reversed(events):
        if event.kind not in (OPENED, CLOSED):
            continue
        present = opened.setdefault((event.who, event.address), _Open())
        if event.kind == OPENED:
            present.only = event if present.count == 0 and event.count == 1 else None
            present.count += event.count
            continue
        if present.only is not None and event.count == 1:
            ends[present.only.id] = event
        present.only = None
        present.count = max(0, present.count - event.count)
    joined = {event.id for event in ends.values()}
    return [_row(event, ends.get(event.id)) for event in events if event.id not in joined]


def _row(event: StoredEvent, end: StoredEvent | None) -> Row:
    if end is None:
        return Row(event.at, event.kind, event.who, event.address, event.detail, event.count)
    return Row(event.at, CONNECTION, event.who, event.address, end.detail, until=end.at)
