"""The headline while nothing else is wrong: how much waits, how fast it goes, and when it ends. [pure]"""

from collector.judgement.drain import NOISE_PER_S, Drain, drain_of
from collector.judgement.situation import Past
from store.samples.model import Queue, QueueState, Sample
from store.samples.verdict import Finding, Level
from store.samples.workload import Workload

LACKS = "growing_lacks"
LACKS_LONG_S = 60.0
"""A dispatch fills a queue faster than it is sent for seconds. For so long it does only where processes are missing."""


def describe_flow(sample: Sample, past: Past, workload: Workload | None = None) -> Finding:
    """The finding of a sample that has no other."""
    waiting = sample.queue_size
    if waiting is None:
        return _fine("fine")
    out_per_s = _out_per_s([queue for queue in sample.queues if queue.state is not QueueState.MISSING])
    if out_per_s is not None and out_per_s < NOISE_PER_S:
        out_per_s = None
    if waiting == 0:
        return _empty(sample, past) if out_per_s is None else _fine("sending_empty", per_s=out_per_s)
    drain = drain_of(sample.queues, workload, past.trends)
    if drain is not None and drain.growth_per_s is not None:
        return _growing(waiting, drain.growth_per_s, drain.missing, past.lacking_s)
    if out_per_s is not None:
        return _sending(waiting, out_per_s, drain)
    if drain is not None and drain.ends_s is not None:  # No rate is known, but the depth falls.
        return _fine("draining", waiting=waiting, ends_s=drain.ends_s)
    return _fine("waiting", waiting=waiting)


def _sending(waiting: int, per_s: float, drain: Drain | None) -> Finding:
    if drain is None:
        return _fine("sending", waiting=waiting, per_s=per_s)
    if drain.ends_s is None:
        return _fine("sending_steady", waiting=waiting, per_s=per_s)
    return _fine("sending_ends", waiting=waiting, per_s=per_s, ends_s=drain.ends_s)


def _growing(waiting: int, growth_per_s: float, missing: int | None, lacking_s: float) -> Finding:
    if missing is None:
        return _fine("growing", waiting=waiting, growth_per_s=growth_per_s)
    level = Level.ATTENTION if lacking_s >= LACKS_LONG_S else Level.FINE
    facts = {"waiting": waiting, "growth_per_s": growth_per_s, "count": missing}
    return Finding(level=level, code=LACKS, facts=facts)


def _empty(sample: Sample, past: Past) -> Finding:
    held = sample.reserved.count if sample.reserved else sum(queue.unacked or 0 for queue in sample.queues)
    if held:
        return _fine("queue_empty_held", count=held)
    if past.held_s is None:
        return _fine("queue_empty")
    return _fine("queue_empty_since", at=round(sample.at - past.held_s))


def _fine(code: str, **facts: float) -> Finding:
    return Finding(level=Level.FINE, code=code, facts=facts)


def _out_per_s(queues: list[Queue]) -> float | None:
    """Over all queues; None if one is unknown."""
    known = [queue.out_per_s for queue in queues if queue.out_per_s is not None]
    return round(sum(known), 2) if len(known) == len(queues) else None
