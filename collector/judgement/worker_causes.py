"""The causes that lie with the workers; `causes` says in which order they are looked for. [pure]"""

from collections.abc import Sequence

from collector.judgement.consumers import Consumers, is_fresh
from collector.judgement.evidence import STANDSTILL, Evidence, bounded
from collector.judgement.signs import COUNTED_S, SKEW_S
from collector.probes.workers.worker_inspect import Inspection
from store.samples.model import Queue
from store.samples.verdict import Facts, Finding
from store.samples.workload import Worker

SILENT_S = 30.0
"""A worker that nobody has heard for so long is silent: it missed 15 heartbeats, or three questions."""

SETTLED_S = 40.0
"""After so long what a worker says of its slots, every half minute, is of the standstill and not of before."""

NAMES_SHOWN = 3


OWN_QUEUES = "stats."
"""How the names of the collectors' queues begin. A collector on the watched broker is no worker of the application."""


def other_queue(evidence: Evidence) -> Finding | None:
    workers = [worker for worker in evidence.workers if not _is_own(worker)]
    if any(worker.queues is None for worker in workers) or not any(map(is_fresh, workers)):
        return None
    consumed = {name for worker in workers for name in worker.queues or ()}
    unserved = (each for each in _held_up(evidence) if each.name not in consumed and not each.consumers)
    queue = next(unserved, None)
    if queue is None or not consumed:
        return None
    return evidence.cause("other_queue", {"queue": bounded(queue.name), "consumed": _listed(consumed)})


def no_consumer(evidence: Evidence) -> Finding | None:
    """RabbitMQ counts consumers. On Redis there is none if nobody listens, or all who do answered otherwise."""
    reason = evidence.check("worker").reason
    if reason == "no_consumers":
        return _unserved(evidence, [queue for queue in evidence.sample.queues if queue.consumers == 0])
    inspection = evidence.situation.inspection
    queues = [queue for queue in _held_up(evidence) if queue.consumers is None]
    if inspection is None or not queues or any(_may_consume(worker, queues) for worker in evidence.workers):
        return None
    if inspection.reason == "nobody_listens":
        return evidence.cause("nobody_listens")
    is_complete = inspection.reason is None
    return _unserved(evidence, [queue for queue in queues if is_complete and queue.name not in inspection.served])


def _is_own(worker: Worker) -> bool:
    return bool(worker.queues) and all(name.startswith(OWN_QUEUES) for name in worker.queues or ())


def _held_up(evidence: Evidence) -> Sequence[Queue]:
    """The queues whose consumers are in question."""
    return [evidence.standing] if evidence.standing else evidence.waiting or evidence.sample.queues


def _unserved(evidence: Evidence, queues: Sequence[Queue]) -> Finding | None:
    """Names the queue that the check names, else the longest."""
    name = evidence.check("worker").facts.get("queue")
    queue = max(queues, key=lambda each: (each.name == name, each.ready or 0), default=None)
    return evidence.cause("no_consumer", {"queue": bounded(queue.name)}) if queue else None


def _may_consume(worker: Worker, queues: Sequence[Queue]) -> bool:
    return is_fresh(worker) and (worker.queues is None or any(queue.name in worker.queues for queue in queues))


def slots_held(evidence: Evidence) -> Finding | None:
    consumers = _consumers_of_standing(evidence)
    if consumers is None or not consumers.are_busy:
        return None
    facts: Facts = {"busy": consumers.busy, "slots": consumers.slots}
    if consumers.oldest_s is None:
        return evidence.cause("slots_full", facts)
    return evidence.cause("slots_held", {**facts, "oldest_s": int(consumers.oldest_s)})


def slots_idle(evidence: Evidence) -> Finding | None:
    """Slots are idle while messages wait: the workers take none, or may be handed fewer than they have slots."""
    is_moving = evidence.subject != STANDSTILL
    consumers = evidence.consumers(evidence.waiting) if is_moving else _consumers_of_standing(evidence)
    if consumers is None or consumers.are_busy:
        return None
    trends = evidence.situation.trends
    seen = trends.handed_out if (trends.unused_s or 0.0) >= COUNTED_S else None
    limit = consumers.prefetch if consumers.are_held_back else seen
    if limit is not None:
        return evidence.cause("prefetch_low", {"prefetch": limit, "slots": consumers.slots})
    return evidence.cause("slots_idle", {"idle": consumers.slots - consumers.busy, "slots": consumers.slots})


def _consumers_of_standing(evidence: Evidence) -> Consumers | None:
    if evidence.standing is None or (evidence.since_s or 0) < SETTLED_S:
        return None
    return evidence.consumers([evidence.standing])


def silent(evidence: Evidence) -> Finding | None:
    """While messages leave, silence proves nothing: a worker may be busy, or its remote control be off."""
    if not (evidence.standing or evidence.check("worker").reason in ("unfinished", "ping_silent")):
        return None
    is_unanswered = evidence.situation.inspection is not None and evidence.situation.inspection.reason == "ping_silent"
    silent = [worker for worker in evidence.workers if (worker.age_s or 0) >= SILENT_S]
    # If all are silent, maybe none was asked.
    if silent and (is_unanswered or len(silent) < len(evidence.workers)):
        silent_s = int(min(worker.age_s or 0 for worker in silent))
        if len(silent) > 1:
            return evidence.cause("workers_silent", {"count": len(silent), "silent_s": silent_s})
        return evidence.cause("worker_silent", {"worker": bounded(silent[0].name), "silent_s": silent_s})
    return (
        _unanswered(evidence, evidence.situation.inspection)
        if is_unanswered and evidence.situation.inspection
        else None
    )


def _unanswered(evidence: Evidence, inspection: Inspection) -> Finding | None:
    """The same without the workers' table: they got the question and no one answered."""
    if inspection.served:
        return None
    if inspection.silent_s is None:
        return evidence.cause("never_answered")
    is_silent = inspection.silent_s >= SILENT_S
    return evidence.cause("nobody_answers", {"silent_s": int(inspection.silent_s)}) if is_silent else None


def clock(evidence: Evidence) -> Finding | None:
    if not (evidence.standing or evidence.check("worker").reason == "unfinished"):
        return None
    skewed = [worker for worker in evidence.workers if abs(worker.skew_s or 0) >= SKEW_S and is_fresh(worker)]
    worst = max(skewed, key=lambda worker: abs(worker.skew_s or 0), default=None)
    if worst is None:
        return None
    return evidence.cause("worker_clock", {"worker": bounded(worst.name), "apart_s": int(abs(worst.skew_s or 0))})


def none_finishes(evidence: Evidence) -> Finding | None:
    """Workers are connected: RabbitMQ counts them, or they answered."""
    check, queue = evidence.check("worker"), evidence.standing
    if check.reason == "unfinished":
        return evidence.cause("none_finishes", {"idle_s": check.facts.get("idle_s", 0)})
    if queue is None:
        return None
    answered = evidence.situation.inspection.served.get(queue.name, 0) if evidence.situation.inspection else 0
    is_connected = bool(queue.consumers or answered)
    return evidence.cause("none_finishes", {"idle_s": int(evidence.since_s or 0)}) if is_connected else None


def _listed(names: set[str]) -> str:
    shown = ", ".join(map(bounded, sorted(names)[:NAMES_SHOWN]))
    return shown if len(names) <= NAMES_SHOWN else f"{shown} (+{len(names) - NAMES_SHOWN})"
