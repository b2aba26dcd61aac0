"""What is wrong although messages still move, and no check sees: idle slots, a clock, arrivals that end. [pure]"""

from collections.abc import Iterator

from collector.judgement.consumers import consumers_of, is_fresh, workers_of
from collector.judgement.evidence import bounded
from collector.judgement.situation import Situation
from store.samples.verdict import Finding, Level

UNUSED_S = 30.0
"""Slots are idle for a moment between two tasks. Workers are asked for their prefetch every half minute, so that slots
which it leaves idle show within a minute, as a standstill does."""

COUNTED_S = 60.0
"""The same where the worker says nothing of it and only its messages are counted: that may be chance for longer."""

SKEW_S = 15.0
"""A greater difference between two clocks is an error. Celery's workers warn of as much."""


def find_signs(situation: Situation) -> Iterator[Finding]:
    """These findings. None of them is worse than worth attention: the messages that there are go through."""
    trends = situation.trends
    if trends.unused_s is not None:
        yield from _unused(situation, trends.unused_s)
    for worker in workers_of(situation.workload):
        if is_fresh(worker) and worker.skew_s is not None and abs(worker.skew_s) >= SKEW_S:
            yield _attention("clock_of_worker", worker=bounded(worker.name), apart_s=int(abs(worker.skew_s)))
    for silence in trends.silences:
        yield _attention("arrivals_ended", queue=bounded(silence.queue), quiet_s=int(silence.quiet_s))


def _unused(situation: Situation, unused_s: float) -> Iterator[Finding]:
    waiting = [queue for queue in situation.sample.queues if queue.ready]
    consumers = consumers_of(situation.workload, [queue.name for queue in waiting])
    if consumers is not None and unused_s >= (UNUSED_S if consumers.are_held_back else COUNTED_S):
        count = sum(queue.ready or 0 for queue in waiting)
        yield _attention("slots_unused", busy=consumers.busy, slots=consumers.slots, waiting=count)


def _attention(code: str, **facts: float | str) -> Finding:
    return Finding(level=Level.ATTENTION, code=code, facts=facts)
