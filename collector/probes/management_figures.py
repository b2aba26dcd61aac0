"""What RabbitMQ's management API says of queues and alarms, and its counters as rates. [pure]

RabbitMQ renews its figures every 5 s. A rate over one such step would be 0 or double whenever a poll falls just before
or after it, so rates go over several polls.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

RATE_POLLS = 4
"""Readings that a rate spans at most: 15 s at one poll every 5 s. RabbitMQ's monitoring guide wants four or more."""

MAX_DISCOVERED = 200
"""Queues that `*` watches at most. They are read every 2 s, and no sample should hold more."""

COLUMNS = (
    "name,type,exclusive,auto_delete,messages_ready,messages_unacknowledged,consumers,message_stats.publish,"
    "message_stats.ack,message_stats.deliver_no_ack,message_stats.get_no_ack"
)

_FINISHED = ("ack", "deliver_no_ack", "get_no_ack")
"""Counters of messages that RabbitMQ is done with: acknowledged, or handed out to who never acknowledges."""

WORK_PATTERN = r"^(?!amq\.|celeryev\.).*(?<!\.celery\.pidbox)$"
"""Names but those that the server gives and those of Celery's remote control and events. RabbitMQ applies it (PCRE)."""


_Reading = tuple[float, int, int]
"""When it was made (monotonic s), and how many messages had been published and finished by then."""
_Readings = deque[_Reading]


@dataclass(frozen=True, kw_only=True)
class Figures:
    """One queue's figures, up to two polls old; None = RabbitMQ does not tell, as when its statistics are off."""

    is_quorum: bool
    ready: int | None = None
    unacked: int | None = None
    consumers: int | None = None
    in_per_s: float | None = None
    """Messages published, per second."""
    out_per_s: float | None = None
    """Messages finished, per second."""


class Counters:
    """The counters of all queues over the last polls."""

    def __init__(self) -> None:
        self._readings: dict[str, _Readings] = {}

    def fold(self, queues: Iterable[Mapping[str, Any]], now_s: float) -> dict[str, Figures]:
        """Each queue's figures after one more poll, made at `now_s` (monotonic). Queues that are gone are forgotten."""
        figures: dict[str, Figures] = {}
        kept: dict[str, _Readings] = {}
        for queue in queues:
            name = queue["name"]
            rates: tuple[float | None, float | None] = None, None
            if queue.get("messages_ready") is not None:  # Statistics are on, so that an absent counter stands at 0.
                stats = queue.get("message_stats") or {}
                reading = now_s, stats.get("publish", 0), sum(stats.get(counter, 0) for counter in _FINISHED)
                kept[name] = _advance(self._readings.get(name, deque(maxlen=RATE_POLLS)), reading)
                rates = _rates(kept[name])
            figures[name] = Figures(
                is_quorum=queue.get("type") == "quorum",
                ready=queue.get("messages_ready"),
                unacked=queue.get("messages_unacknowledged"),
                consumers=queue.get("consumers"),
                in_per_s=rates[0],
                out_per_s=rates[1],
            )
        self._readings = kept
        return figures


def discover(queues: Iterable[Mapping[str, Any]]) -> list[str]:
    """The names that `*` stands for: the queues that hold work, by name.

    Left out are those that end with their user (exclusive, auto-delete), and streams, whose depth is all they keep.
    """
    return sorted(
        queue["name"]
        for queue in queues
        if not queue.get("exclusive") and not queue.get("auto_delete") and queue.get("type") != "stream"
    )


def alarm_of(alarms: Iterable[Mapping[str, Any]]) -> str | None:
    """The reason code of the alarms in effect in the cluster, alarm_memory before alarm_disk; None = none.

    Only these two stop publishers. RabbitMQ calls the resources `memory` and `disk space`.
    """
    resources = {str(alarm.get("resource")).split(" ", maxsplit=1)[0] for alarm in alarms}
    return next((f"alarm_{resource}" for resource in ("memory", "disk") if resource in resources), None)


def _advance(readings: _Readings, reading: _Reading) -> _Readings:
    """Add a reading. A counter that ran backwards is a new one, of a queue made anew: what was read before is void."""
    if readings and (reading[1] < readings[-1][1] or reading[2] < readings[-1][2]):
        readings.clear()
    readings.append(reading)
    return readings


def _rates(readings: _Readings) -> tuple[float | None, float | None]:
    (first_s, first_in, first_out), (last_s, last_in, last_out) = readings[0], readings[-1]
    if last_s <= first_s:
        return None, None
    elapsed_s = last_s - first_s
    return round((last_in - first_in) / elapsed_s, 2), round((last_out - first_out) / elapsed_s, 2)
