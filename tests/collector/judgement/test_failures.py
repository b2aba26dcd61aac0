"""Tasks that fail call for attention for ten minutes."""

from collector.judgement.failures import find_failures
from store.logs.task_failures import RECENT_S, TaskFailures
from store.samples.verdict import Facts
from store.samples.workload import Failure, Task, Workload

Told = list[tuple[str, Facts]]


def told(*tasks: Task, logged: TaskFailures | None = None) -> Told:
    return [(finding.code, finding.facts) for finding in find_failures(Workload(tasks=tasks), logged)]


def failed(age_s: float, kind: str = "GatewayTimeout", failed_per_min: float | None = None) -> Task:
    return Task(name=kind, last_failure=Failure(kind=kind, age_s=age_s), failed_per_min=failed_per_min)


def in_logs(age_s: float, count: int | None = 3, kind: str | None = "KeyError") -> TaskFailures:
    return TaskFailures(kind=kind, age_s=age_s, count=count)


def test_the_last_failure_of_any_task_is_named_while_it_is_recent() -> None:
    assert told(failed(90.0, "OldError"), failed(7.6)) == [("failed", {"kind": "GatewayTimeout", "age_s": 7})]
    assert told(failed(RECENT_S)) != []
    assert told(failed(RECENT_S + 1)) == []
    assert told(Task(name="calm")) == []
    assert list(find_failures(None, None)) == []


def test_several_failures_a_minute_are_counted_over_all_tasks() -> None:
    counted = told(failed(7.0, failed_per_min=1.6), failed(9.0, "Other", failed_per_min=1.2), Task(name="calm"))

    assert counted == [("failing", {"kind": "GatewayTimeout", "age_s": 7, "per_min": 3})]


def test_failures_in_the_logs_are_told_without_events_and_counted_where_all_are_known() -> None:
    assert told(logged=in_logs(7.9)) == [("failed_count", {"kind": "KeyError", "age_s": 7, "count": 3})]
    assert told(logged=in_logs(7.9, count=None)) == [("failed", {"kind": "KeyError", "age_s": 7})]
    assert told(logged=in_logs(7.9, kind=None)) == []


def test_of_logs_and_events_the_later_failure_counts_and_of_the_same_one_the_logs() -> None:
    [(of_logs, _)] = told(failed(3.0), logged=in_logs(7.0))
    [(of_events, facts)] = told(failed(3.0), logged=in_logs(60.0))

    assert (of_logs, of_events, facts["kind"]) == ("failed_count", "failed", "GatewayTimeout")
