"""Tasks that fail call for attention for ten minutes."""

from collector.judgement.failures import RECENT_S, find_failures
from store.samples.verdict import Facts
from store.samples.workload import Failure, Task, Workload


def told(*tasks: Task) -> list[tuple[str, Facts]]:
    return [(finding.code, finding.facts) for finding in find_failures(Workload(tasks=tasks))]


def failed(age_s: float, kind: str = "GatewayTimeout", failed_per_min: float | None = None) -> Task:
    return Task(name=kind, last_failure=Failure(kind=kind, age_s=age_s), failed_per_min=failed_per_min)


def test_the_last_failure_of_any_task_is_named_while_it_is_recent() -> None:
    assert told(failed(90.0, "OldError"), failed(7.6)) == [("failed", {"kind": "GatewayTimeout", "age_s": 7})]
    assert told(failed(RECENT_S)) != []
    assert told(failed(RECENT_S + 1)) == []
    assert told(Task(name="calm")) == []
    assert list(find_failures(None)) == []


def test_several_failures_a_minute_are_counted_over_all_tasks() -> None:
    counted = told(failed(7.0, failed_per_min=1.6), failed(9.0, "Other", failed_per_min=1.2), Task(name="calm"))

    assert counted == [("failing", {"kind": "GatewayTimeout", "age_s": 7, "per_min": 3})]
