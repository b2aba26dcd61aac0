"""From three independent signals to one verdict: who consumes, who answers, whether anything is finished. [pure]

1. No consumer on any queue: offline. On some of them: degraded.
2. Consumers, messages waiting, and nothing finished for NO_PROGRESS_S: degraded, whatever the workers say.
3. Consumers, but no worker answers that once did, for SILENT_S, and nothing is finished either: degraded. A worker
   that is stopped in its tracks keeps its consumer for minutes, until RabbitMQ misses its heartbeats.
4. Otherwise online. Silence alone says nothing: a worker may be busy, or not be Celery's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from collector.store.model import Check, Status

NO_PROGRESS_S = 90.0
"""Longer than a voice message takes to be sent, by far."""

SILENT_S = 30.0
"""Three calls of the roll."""

FIRST_LOOK = Check(status=Status.UNKNOWN, reason="first_look")


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What is known of one queue."""

    name: str
    consumers: int
    waiting: int | None = None
    unserved_s: float | None = None
    """For how long it has had no consumer; None = it has one."""
    idle_s: float | None = None
    """For how long nothing has been finished while messages waited; 0 = work goes on, None = nothing waits."""


def judge_workers(queues: Sequence[Evidence], silent_s: float | None) -> Check:
    """The verdict on all watched queues.

    silent_s: how long no worker has answered although one once did; None = one does, or it cannot be told.
    """
    if not queues:
        return Check(status=Status.UNKNOWN, reason="no_queues")
    unserved = [queue for queue in queues if queue.unserved_s is not None]
    if unserved:
        facts = {"idle_s": int(min(queue.unserved_s or 0 for queue in unserved)), "waiting": _waiting(unserved)}
        if len(unserved) == len(queues):
            return Check(status=Status.OFFLINE, reason="no_consumers", facts=facts)
        return Check(status=Status.DEGRADED, reason="no_consumers", facts={**facts, "queue": unserved[0].name})
    stuck = max(queues, key=lambda queue: queue.idle_s or 0)
    if (stuck.idle_s or 0) >= NO_PROGRESS_S:
        return Check(status=Status.DEGRADED, reason="no_progress", facts=_facts(stuck))
    is_working = any(queue.idle_s is not None and queue.idle_s < SILENT_S for queue in queues)
    if silent_s is not None and silent_s >= SILENT_S and not is_working:
        return Check(status=Status.DEGRADED, reason="ping_silent", facts={"idle_s": int(silent_s)})
    return Check(status=Status.ONLINE)


def _facts(queue: Evidence) -> dict[str, float | str]:
    waiting, idle_s = queue.waiting or 0, int(queue.idle_s or 0)
    return {"queue": queue.name, "consumers": queue.consumers, "idle_s": idle_s, "waiting": waiting}


def _waiting(queues: Sequence[Evidence]) -> int:
    return sum(queue.waiting or 0 for queue in queues)
