"""The management API's figures of queues and alarms, with counters turned into rates. [pure]

RabbitMQ updates its figures every 5 s. A rate over one such step would be 0 or double whenever a poll comes just before
or after an update, so rates span several polls.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from collector.probes.broker.departures import Movement
from collector.probes.broker.uncounted import Uncounted

RATE_POLLS = 4
"""Most readings that a rate spans: 15 s at one poll every 5 s. RabbitMQ's monitoring guide asks for four or more."""

MAX_DISCOVERED = 200
"""Most queues that `*` watches. They are read every 2 s; more would make samples too large."""

COLUMNS = (
    "name,type,exclusive,auto_delete,messages_ready,messages_unacknowledged,consumers,message_stats.publish,"
    "message_stats.ack,message_stats.deliver_no_ack,message_stats.get_no_ack,arguments.x-max-priority,"
    "arguments.x-message-ttl,messages_ready_high,messages_active_priorities"
)
"""RabbitMQ leaves out what it does not know. Quorum queues tell of priorities in use: with `messages_ready_high` (more
than 4) in 4.0 to 4.2, with `messages_active_priorities` since 4.3.
"""

_FINISHED = ("ack", "deliver_no_ack", "get_no_ack")
"""Counters of finished messages: acknowledged, or delivered without acknowledgement."""

WORK_PATTERN = r"^(?!amq\.|celeryev\.|celery_delayed_\d+$).*(?<!\.celery\.pidbox)$"
"""Matches all names but those that the server gives and those of Celery's remote control, events, and delayed delivery:
delayed messages wait for their time, not for a worker. RabbitMQ applies it (PCRE)."""

LAG_POLLS = 2
"""How many polls late a figure may be: queues publish counters every 5 s, and RabbitMQ collects them every 5 s."""


_Reading = tuple[float, int, int]
"""Its time (monotonic s), and the messages published and finished by then."""
_Readings = deque[_Reading]


@dataclass(frozen=True, kw_only=True)
class Figures:
    """One queue's figures, up to two polls old; None = unknown, as with statistics turned off."""

    is_quorum: bool
    ready: int | None = None
    unacked: int | None = None
    consumers: int | None = None
    in_per_s: float | None = None
    """Messages published, per second."""
    out_per_s: float | None = None
    """Messages finished, per second."""
    movement: Movement | None = None
    """How messages leave, whenever they came; None if RabbitMQ does not count them."""
    told_until_s: float = 0.0
    """Up to when the counters tell of every departure, monotonic."""
    unfinished_s: float | None = None
    """For how long, at least, messages have been with a consumer while none was finished; None = none, or unknown."""
    arrived: int | None = None
    """How many messages have come, counted from some beginning; None if RabbitMQ does not count them."""
    has_uncounted: bool = False
    """Whether some came in ways that RabbitMQ does not count, and are noticed late."""
    has_priorities: bool = False
    """Whether messages may overtake each other."""
    expires_s: float | None = None
    """After so long a message that waits expires, as the queue was declared; None = never, or by a policy."""


@dataclass
class _Trace:
    """One queue over the last polls."""

    followed_since_s: float
    readings: _Readings = field(default_factory=lambda: deque(maxlen=RATE_POLLS))
    uncounted: Uncounted = field(default_factory=Uncounted)
    ready: int = 0
    unacked: int = 0
    waiting_since_s: float = 0.0
    handed_out_since_s: float = 0.0
    departed_at_s: float | None = None
    has_overtaken: bool = False
    """Whether messages of several priorities waited, since the queue was last seen empty."""


class Counters:
    """The counters of all queues over the last polls."""

    def __init__(self, interval_s: float) -> None:
        """`interval_s`: between two polls."""
        self._interval_s = interval_s
        self._lag_s = LAG_POLLS * interval_s
        self._folded_at_s: float | None = None
        self._traces: dict[str, _Trace] = {}

    def fold(self, queues: Iterable[Mapping[str, Any]], now_s: float, *, are_counted: bool) -> dict[str, Figures]:
        """Each queue's figures after another poll at `now_s` (monotonic). Deleted queues are forgotten.

        `are_counted`: RabbitMQ counts messages, so an absent counter is 0; otherwise it is unknown.
        """
        if self._folded_at_s is not None and now_s - self._folded_at_s > self._lag_s:
            self._skip(now_s - self._folded_at_s)
        self._folded_at_s = now_s
        figures: dict[str, Figures] = {}
        kept: dict[str, _Trace] = {}
        for queue in queues:
            name = queue["name"]
            known = Figures(
                is_quorum=queue.get("type") == "quorum",
                ready=queue.get("messages_ready"),
                unacked=queue.get("messages_unacknowledged"),
                consumers=queue.get("consumers"),
                has_priorities=_has_priorities(queue),
                expires_s=_expires_s(queue),
            )
            if known.ready is not None and are_counted:
                trace = kept[name] = self._traces.get(name) or _Trace(followed_since_s=now_s)
                known = self._followed(trace, known, queue.get("message_stats") or {}, now_s)
            figures[name] = known
        self._traces = kept
        return figures

    def _skip(self, gap_s: float) -> None:
        """Do not count a gap without polls as time in which nothing left."""
        for trace in self._traces.values():
            left_at_s = trace.departed_at_s or 0.0
            trace.followed_since_s = max(trace.followed_since_s, left_at_s) + gap_s
            trace.waiting_since_s = max(trace.waiting_since_s, left_at_s) + gap_s
            trace.handed_out_since_s = max(trace.handed_out_since_s, left_at_s) + gap_s

    def _followed(self, trace: _Trace, known: Figures, stats: Mapping[str, int], now_s: float) -> Figures:
        before = trace.readings[-1] if trace.readings else None
        published, finished = stats.get("publish", 0), sum(stats.get(counter, 0) for counter in _FINISHED)
        ready, unacked = known.ready or 0, known.unacked or 0
        if not _advance(trace.readings, (now_s, published, finished)):
            trace.uncounted = Uncounted()
        uncounted = trace.uncounted.note(published, ready + unacked, finished)
        # A rejected or expired message is not finished, but it has left.
        if before and (finished > before[2] or ready + unacked < trace.ready + trace.unacked):
            trace.departed_at_s = now_s
        trace.waiting_since_s = trace.waiting_since_s if trace.ready else now_s
        trace.handed_out_since_s = trace.handed_out_since_s if trace.unacked else now_s
        trace.ready, trace.unacked = ready, unacked
        trace.has_overtaken = bool(ready) and (trace.has_overtaken or known.has_priorities)
        in_per_s, out_per_s = _rates(trace.readings)
        departed_s = None if trace.departed_at_s is None else now_s - trace.departed_at_s
        still_s = self._at_least(trace.followed_since_s, trace.departed_at_s, now_s) if ready else None
        apparent_s = self._at_most(trace.waiting_since_s, trace.departed_at_s, now_s) if ready else None
        return replace(
            known,
            in_per_s=None if uncounted else in_per_s,  # The published ones are a part only.
            out_per_s=out_per_s,
            movement=Movement(still_s=still_s, apparent_s=apparent_s, is_certain=True, departed_s=departed_s),
            told_until_s=now_s - self._lag_s,
            unfinished_s=self._at_least(trace.handed_out_since_s, trace.departed_at_s, now_s) if unacked else None,
            arrived=published + uncounted,
            has_uncounted=uncounted > 0,
            has_priorities=known.has_priorities or trace.has_overtaken,
        )

    def _at_least(self, since_s: float, departed_at_s: float | None, now_s: float) -> float:
        """For how long nothing has left: since the later of the two, minus the figures' lag."""
        return max(0.0, now_s - max(since_s, departed_at_s or since_s) - self._lag_s)

    def _at_most(self, since_s: float, departed_at_s: float | None, now_s: float) -> float:
        """The same, if the last one left as long before the poll that told of it as it may have."""
        return now_s - max(since_s, departed_at_s or since_s) + self._lag_s + self._interval_s


def discover(queues: Iterable[Mapping[str, Any]]) -> list[str]:
    """The names that `*` stands for, sorted: the queues that hold work.

    Without queues that end with their user (exclusive, auto-delete) and without streams, whose depth is all they keep.
    """
    return sorted(
        queue["name"]
        for queue in queues
        if not queue.get("exclusive") and not queue.get("auto_delete") and queue.get("type") != "stream"
    )


def _has_priorities(queue: Mapping[str, Any]) -> bool:
    """Whether messages of the queue may overtake each other: it was declared so, or those of a quorum queue do."""
    if (queue.get("arguments") or {}).get("x-max-priority"):
        return True
    high, ready = queue.get("messages_ready_high") or 0, queue.get("messages_ready") or 0
    return 0 < high < ready or (queue.get("messages_active_priorities") or 0) > 1


def _expires_s(queue: Mapping[str, Any]) -> float | None:
    lifetime_ms = (queue.get("arguments") or {}).get("x-message-ttl")
    return lifetime_ms / 1000 if isinstance(lifetime_ms, int) else None


def counts_messages(overview: Mapping[str, Any]) -> bool:
    """Whether RabbitMQ counts messages, as the API's overview tells."""
    return overview.get("rates_mode") in {"basic", "detailed"} and not overview.get("disable_stats")


def published_of(queues: Iterable[Mapping[str, Any]]) -> int:
    """How many messages all of them have been sent, as far as RabbitMQ has counted."""
    return sum((queue.get("message_stats") or {}).get("publish", 0) for queue in queues)


def alarm_of(alarms: Iterable[Mapping[str, Any]]) -> str | None:
    """The reason code of the alarms in effect in the cluster, alarm_memory before alarm_disk; None = none.

    Only these two stop publishers. RabbitMQ calls the resources `memory` and `disk space`.
    """
    resources = {str(alarm.get("resource")).split(" ", maxsplit=1)[0] for alarm in alarms}
    return next((f"alarm_{resource}" for resource in ("memory", "disk") if resource in resources), None)


def _advance(readings: _Readings, reading: _Reading) -> bool:
    """Add a reading. A counter that ran backwards belongs to a recreated queue: then older readings are dropped, and
    this one goes on from none.
    """
    goes_on = not readings or (reading[1] >= readings[-1][1] and reading[2] >= readings[-1][2])
    if not goes_on:
        readings.clear()
    readings.append(reading)
    return goes_on


def _rates(readings: _Readings) -> tuple[float | None, float | None]:
    (first_s, first_in, first_out), (last_s, last_in, last_out) = readings[0], readings[-1]
    if last_s <= first_s:
        return None, None
    elapsed_s = last_s - first_s
    return round((last_in - first_in) / elapsed_s, 2), round((last_out - first_out) / elapsed_s, 2)
