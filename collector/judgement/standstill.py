"""Whether messages leave: the first thing to know, whoever answers a question. [pure]

A standstill that the workers' check has proven is bad. Before that, messages that wait and of which none leaves call
for attention, unless a pause of this length is usual here, or every worker is busy.
"""

from collections.abc import Iterator

from collector.judgement.consumers import consumers_of
from collector.judgement.situation import Situation
from store.samples.model import Sample, Status
from store.samples.verdict import Facts, Finding, Level

STANDSTILL = "no_progress"
"""The reason of the workers' check: messages wait, and for STUCK_AFTER_S none has left."""

ATTENTION_SHARE = 0.25
"""The share of STUCK_AFTER_S after which a pause calls for attention: 15 s where it is not set."""

USUAL_FACTOR = 2.0
"""A pause is unusual from so many times the longest one of the last minutes on."""


def find_standstill(situation: Situation) -> Iterator[Finding]:
    """The finding about messages that wait while none leaves: at most one, of the queue where it lasts longest."""
    worker = situation.sample.checks.get("worker")
    if worker is not None and worker.status is Status.OFFLINE and worker.reason == STANDSTILL:
        yield _finding(Level.BAD, "stuck", worker.facts, situation.sample)
    elif (facts := _pause(situation)) is not None:
        consumers = consumers_of(situation.workload, [str(facts["queue"])])
        if consumers is None or not consumers.are_busy:
            yield _finding(Level.ATTENTION, "still", facts, situation.sample)


def _finding(level: Level, code: str, facts: Facts, sample: Sample) -> Finding:
    """The sentence names the queue where there are several."""
    return Finding(level=level, code=f"{code}_queue" if len(sample.queues) > 1 else code, facts=facts)


def _pause(situation: Situation) -> Facts | None:
    """The longest present pause that is certain and unusual, with its facts."""
    pauses = []
    for queue in situation.sample.queues:
        movement = situation.movements.get(queue.name)
        if not queue.ready or movement is None or not movement.is_certain or movement.still_s is None:
            continue
        usual_s = situation.past.pauses_s.get(queue.name, 0.0)
        if movement.still_s >= max(ATTENTION_SHARE * situation.stuck_s, USUAL_FACTOR * usual_s):
            pauses.append((movement.still_s, queue.name, queue.ready))
    if not pauses:
        return None
    still_s, name, waiting = max(pauses)
    return {"queue": name, "idle_s": int(still_s), "waiting": waiting}
