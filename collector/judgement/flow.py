"""The headline while nothing is wrong: how much waits, how fast it goes, and when it ends. [pure]"""

from collector.judgement.situation import Past
from store.samples.model import Queue, QueueState, Sample
from store.samples.verdict import Finding, Level

NOISE_PER_S = 0.5
"""A smaller rate, or difference of rates, is noise: the management API averages over seconds."""

HORIZON_S = 86_400
"""Present rates predict nothing further ahead."""


def describe_flow(sample: Sample, past: Past) -> Finding:
    """The finding of a sample that has no other."""
    waiting = sample.queue_size
    if waiting is None:
        return _fine("fine")
    queues = [queue for queue in sample.queues if queue.state is not QueueState.MISSING]
    out_per_s = _out_per_s(queues)
    is_sending = out_per_s is not None and out_per_s >= NOISE_PER_S
    if waiting == 0:
        return _fine("sending_empty", per_s=out_per_s) if out_per_s and is_sending else _empty(sample, past)
    if growth_per_s := _growth_per_s(queues):
        return _fine("growing", waiting=waiting, growth_per_s=growth_per_s)
    if out_per_s is None or not is_sending:
        return _fine("waiting", waiting=waiting)
    ends_s = _ends_s(queues)
    if ends_s is None:
        return _fine("sending", waiting=waiting, per_s=out_per_s)
    return _fine("sending_ends", waiting=waiting, per_s=out_per_s, ends_s=ends_s)


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


def _growth_per_s(queues: list[Queue]) -> float | None:
    """By how much the queues that grow grow together, whatever the others do; None = none grows, or unknown.

    If more comes in than goes out and yet nothing waits, the workers hold the messages (scheduled or prefetched). So a
    queue that grows holds at least one second's arrivals.
    """
    nets = [(queue, _net_per_s(queue)) for queue in queues]
    if any(net is None for _, net in nets):
        return None
    growing = [net for queue, net in nets if net and net > NOISE_PER_S and (queue.ready or 0) >= net]
    return round(sum(growing), 2) or None


def _ends_s(queues: list[Queue]) -> float | None:
    """In how many seconds the last queue is empty at present rates; None = unknown, or not within HORIZON_S."""
    seconds = []
    for queue in queues:
        net_per_s = _net_per_s(queue)
        if queue.ready and (net_per_s is None or net_per_s >= -NOISE_PER_S):
            return None
        if queue.ready and net_per_s:
            seconds.append(queue.ready / -net_per_s)
    return round(max(seconds)) if seconds and max(seconds) <= HORIZON_S else None


def _net_per_s(queue: Queue) -> float | None:
    return None if queue.in_per_s is None or queue.out_per_s is None else queue.in_per_s - queue.out_per_s
