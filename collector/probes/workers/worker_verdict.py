"""Judges the workers from three independent signals: departures, consumers, answers. [pure]

Departures come before presence:
1. Messages wait and none has left for STUCK_AFTER_S: offline, even if workers answer. Where departures may go unseen
   (RabbitMQ without counters), silence must confirm it: of workers that answered before, or, if the depth has not
   changed at all, of any that were asked.
2. No queue has a consumer: offline. Some have none: degraded.
3. Workers that answered before are silent for SILENT_S, and nothing leaves: degraded. A stopped worker process keeps
   its consumer for minutes, until RabbitMQ misses its heartbeats.
4. Messages wait, the depth has not changed at all for STUCK_AFTER_S, and departures may go unseen: unknown.
5. Messages are with a consumer, none was finished for STUCK_AFTER_S, and no worker answers: degraded. A worker that
   answers may hold tasks for a later time, or run a long one.
6. Otherwise online. Silence alone proves nothing: a worker may be busy, or not be Celery's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from collector.probes.broker.departures import Movement
from store.samples.model import Check, Status

STUCK_S = 60.0
"""STUCK_AFTER_S where it is not set: far longer than sending a voice message takes."""

SILENT_S = 30.0
"""Three inspections."""

FIRST_LOOK = Check(status=Status.UNKNOWN, reason="first_look")


Facts = dict[str, float | str]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The evidence on one queue."""

    name: str
    waiting: int | None = None
    unserved_s: float | None = None
    """For how long it has had no consumer; None = it has one, or the broker does not count them."""
    movement: Movement = field(default_factory=Movement)
    unacked: int | None = None
    unfinished_s: float | None = None
    """For how long messages have been with a consumer while none was finished; None = none are, or unknown."""
    is_answered: bool = False
    """Whether a worker answered that it consumes this queue."""

    @property
    def is_working(self) -> bool:
        """Whether a message left lately."""
        return self.movement.departed_s is not None and self.movement.departed_s < SILENT_S


def judge_workers(
    queues: Sequence[Evidence], silent_s: float | None, *, is_unanswered: bool = False, stuck_s: float = STUCK_S
) -> Check:
    """The workers' check on a broker that counts consumers.

    silent_s: for how long no worker has answered although one did before; None = one answers, or unknown.
    is_unanswered: workers got the last request and did not answer it, whatever happened before.
    """
    if not queues:
        return Check(status=Status.UNKNOWN, reason="no_queues")
    is_silent = silent_s is not None and silent_s >= SILENT_S
    return (
        _all_unserved(queues)
        or find_stuck(queues, is_silent=is_silent, is_unanswered=is_unanswered, stuck_s=stuck_s)
        or _some_unserved(queues)
        or (_silent(queues, silent_s or 0) if is_silent else None)
        or _unseen(queues, stuck_s)
        or _unfinished(queues, stuck_s)
        or Check(status=Status.ONLINE)
    )


def find_stuck(
    queues: Sequence[Evidence], *, is_silent: bool = False, is_unanswered: bool = False, stuck_s: float = STUCK_S
) -> Check | None:
    """The check for the queue that has stood still for longest; None if none has for `stuck_s`."""

    def is_proven(queue: Evidence) -> bool:
        is_unchanged = (queue.movement.unchanged_s or 0) >= stuck_s
        is_confirmed_by_silence = is_silent or (is_unanswered and is_unchanged)
        return queue.movement.is_certain or is_confirmed_by_silence or queue.unserved_s is not None

    # However short STUCK_AFTER_S is, late counters must have had the time to tell of a departure.
    stuck = [queue for queue in queues if _idle_s(queue) >= stuck_s and queue.movement.still_s and is_proven(queue)]
    if not stuck:
        return None
    longest = max(stuck, key=_idle_s)
    reason = "no_progress" if longest.unserved_s is None else "no_consumers"
    return Check(status=Status.OFFLINE, reason=reason, facts=_facts(longest))


def _all_unserved(queues: Sequence[Evidence]) -> Check | None:
    if any(queue.unserved_s is None for queue in queues):
        return None
    return Check(status=Status.OFFLINE, reason="no_consumers", facts=_unserved_facts(queues))


def _some_unserved(queues: Sequence[Evidence]) -> Check | None:
    unserved = [queue for queue in queues if queue.unserved_s is not None]
    if not unserved:
        return None
    facts: Facts = {**_unserved_facts(unserved), "queue": unserved[0].name}
    return Check(status=Status.DEGRADED, reason="no_consumers", facts=facts)


def _silent(queues: Sequence[Evidence], silent_s: float) -> Check | None:
    if any(queue.is_working for queue in queues):
        return None
    return Check(status=Status.DEGRADED, reason="ping_silent", facts={"idle_s": int(silent_s)})


def _unseen(queues: Sequence[Evidence], stuck_s: float) -> Check | None:
    for queue in queues:
        if not queue.movement.is_certain and (queue.movement.unchanged_s or 0) >= stuck_s:
            return Check(status=Status.UNKNOWN, reason="movement_unknown", facts=_facts(queue))
    return None


def _unfinished(queues: Sequence[Evidence], stuck_s: float) -> Check | None:
    for queue in queues:
        if (queue.unfinished_s or 0) >= stuck_s and not queue.is_answered:
            idle_s = int(queue.unfinished_s or 0)
            facts: Facts = {"queue": queue.name, "idle_s": idle_s, "unacked": queue.unacked or 0}
            return Check(status=Status.DEGRADED, reason="unfinished", facts=facts)
    return None


def _idle_s(queue: Evidence) -> float:
    """For how long messages have waited without one leaving: late counters delay no alarm if the depth agrees."""
    movement = queue.movement
    return (movement.still_s if movement.apparent_s is None else movement.apparent_s) or 0.0


def _facts(queue: Evidence) -> Facts:
    return {"queue": queue.name, "idle_s": int(_idle_s(queue)), "waiting": queue.waiting or 0}


def _unserved_facts(queues: Sequence[Evidence]) -> Facts:
    idle_s = int(min(queue.unserved_s or 0 for queue in queues))
    return {"idle_s": idle_s, "waiting": sum(queue.waiting or 0 for queue in queues)}
