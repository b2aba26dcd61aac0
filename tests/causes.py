"""Made-up evidence in which a cause is looked for."""

from typing import Any

from collector.judgement.causes import find_cause
from collector.judgement.evidence import Evidence
from collector.judgement.situation import Situation
from store.samples.model import Check, Sample, Status
from store.samples.verdict import Facts, Finding, Level
from store.samples.workload import Worker, Workload
from tests.builders import make_queue, make_sample

STUCK = Finding(level=Level.BAD, code="stuck", facts={"queue": "dispatch", "idle_s": 90, "waiting": 130})
FAILED = Finding(level=Level.ATTENTION, code="failed", facts={"kind": "GatewayTimeout", "age_s": 7})
UNSERVED = Finding(level=Level.BAD, code="worker_offline", facts={"idle_s": 20})

HELD = {"slots": 4, "busy": 4, "oldest_s": 725.0}
IDLE = {"slots": 4, "busy": 1}


def make_worker(**overrides: Any) -> Worker:
    return Worker(**{"name": "celery@vm", "age_s": 1.0, "queues": ("dispatch",), **overrides})


def make_workload(*workers: Worker, **overrides: Any) -> Workload:
    return Workload(workers=workers, **{"workers_total": len(workers), **overrides})


def stuck_sample(broker: str = "amqp", *, consumers: int | None = 1, **checks: Check) -> Sample:
    queue = make_queue(ready=130, consumers=None if broker == "redis" else consumers)
    known = {name: Check(status=Status.ONLINE) for name in ("database", "rabbitmq")}
    worker = Check(status=Status.OFFLINE, reason="no_progress", facts=STUCK.facts)
    return make_sample(queues=(queue,), broker_kind=broker, checks={**known, "worker": worker, **checks})


def find(*, sample: Sample | None = None, finding: Finding = STUCK, **known: Any) -> Finding | None:
    return find_cause(Evidence(situation=Situation(sample=sample or stuck_sample(), **known), finding=finding))


def code_of(cause: Finding | None) -> str | None:
    return cause.code if cause else None


def facts_of(cause: Finding | None) -> Facts:
    return cause.facts if cause else {}


def told(cause: Finding | None) -> tuple[str | None, Facts]:
    return code_of(cause), facts_of(cause)
