"""Judges a sample: puts what was found in order and makes one verdict of it. [pure]"""

from collections.abc import Iterator, Mapping

from collector.judgement.causes import find_cause
from collector.judgement.evidence import Evidence
from collector.judgement.failures import find_failures
from collector.judgement.flow import LACKS, describe_flow
from collector.judgement.memory import Memory
from collector.judgement.queues import find_in_queues
from collector.judgement.recent import Recent
from collector.judgement.resources import find_in_resources
from collector.judgement.services import find_in_services
from collector.judgement.signs import find_signs
from collector.judgement.situation import Outage, Situation
from collector.judgement.standstill import find_standstill
from collector.judgement.watching import find_in_watching
from collector.probes.broker.departures import Movement
from collector.probes.workers.worker_inspect import Inspection
from collector.probes.workers.worker_verdict import STUCK_S
from store.logs.task_failures import TaskFailures
from store.samples.model import Sample
from store.samples.verdict import Finding, Level, Verdict
from store.samples.workload import Workload

MAX_ALSO = 8
"""Most findings beside the worst. Two hundred missing queues would fill the sample."""

MOVING = frozenset({"sending", "sending_steady", "sending_ends", "sending_empty", "draining", "growing", LACKS})
"""How the queues move is told beside what is wrong, unless that is that they do not."""

PAUSES = ("stuck", "still")

_WORST_FIRST = tuple(reversed(Level))


class Judge:
    """Judges one host's samples and remembers what a later verdict needs."""

    def __init__(self, stuck_s: float = STUCK_S) -> None:
        self._stuck_s = stuck_s
        self._memory = Memory()
        self._recent = Recent()

    def judge(
        self,
        sample: Sample,
        movements: Mapping[str, Movement],
        workload: Workload | None,
        now_s: float,
        *,
        inspection: Inspection | None = None,
        failures: TaskFailures | None = None,
    ) -> Verdict:
        """The verdict on `sample`, taken at `now_s` (monotonic)."""
        situation = Situation(
            sample=sample,
            movements=movements,
            workload=workload,
            inspection=inspection,
            failures=failures,
            stuck_s=self._stuck_s,
            past=self._memory.recall(sample, movements, now_s),
            trends=self._recent.note(sample, workload, now_s),
        )
        verdict = judge(situation)
        self._memory.note(verdict, now_s)
        return verdict


def judge(situation: Situation) -> Verdict:
    """The worst finding first, with its cause. Of equal ones, what happens to messages comes before who answers."""
    found = sorted(_find(situation), key=lambda finding: _WORST_FIRST.index(finding.level))
    flow = describe_flow(situation.sample, situation.past, situation.workload)
    worst, *others = found or [flow]
    if worst is not flow and flow.code in MOVING and not worst.code.startswith(PAUSES):
        others.append(flow)
    if situation.past.outage and worst.level is not Level.BAD:
        others.append(_recovered(situation.past.outage))
    return Verdict(
        level=worst.level,
        code=worst.code,
        facts=worst.facts,
        also=tuple(others[:MAX_ALSO]),
        cause=find_cause(Evidence(situation=situation, finding=worst)),
    )


def _find(situation: Situation) -> Iterator[Finding]:
    sample = situation.sample
    yield from find_standstill(situation)
    yield from find_failures(situation.workload, situation.failures)
    yield from find_in_services(sample)
    yield from find_signs(situation)
    yield from find_in_watching(sample)
    yield from find_in_queues(sample)
    yield from find_in_resources(sample, situation.past.busy_samples)


def _recovered(outage: Outage) -> Finding:
    facts = {"ended_s": int(outage.ended_s), "lasted_s": int(outage.lasted_s)}
    return Finding(level=Level.FINE, code="recovered", facts=facts)
