"""One cause for what is wrong, and none without proof."""

from dataclasses import replace
from typing import Any

import pytest

from collector.judgement.evidence import NAME_BYTES
from collector.judgement.recent import Kill, Silence, Trends
from store.samples.model import Check, Status
from store.samples.verdict import Finding, Level
from store.samples.workload import Events, Failure, Task, Workload
from tests.builders import make_queue, make_sample
from tests.causes import (
    FAILED,
    HELD,
    STUCK,
    UNSERVED,
    code_of,
    facts_of,
    find,
    make_worker,
    make_workload,
    stuck_sample,
    told,
)


def test_a_standstill_of_which_nothing_more_is_known_has_no_cause():
    assert find(sample=stuck_sample("redis")) is None


@pytest.mark.parametrize("kind", ["memory", "disk"])
def test_a_broker_that_blocks_publishers_is_told_before_what_the_workers_do(kind):
    checks = {"rabbitmq": Check(status=Status.DEGRADED, reason=f"alarm_{kind}")}

    assert code_of(find(sample=stuck_sample(**checks), workload=make_workload(make_worker(**HELD)))) == f"alarm_{kind}"


@pytest.mark.parametrize(
    ("check", "code"),
    [
        (Check(status=Status.OFFLINE, reason="refused"), "database_refused"),
        (Check(status=Status.OFFLINE, reason="timeout"), "database_timeout"),
        (Check(status=Status.DEGRADED, reason="slow", latency_ms=1840.4), "database_slow"),
        (Check(status=Status.UNKNOWN, reason="denied"), "slots_held"),
        (Check(status=Status.UNKNOWN, reason="certificate"), "slots_held"),
    ],
)
def test_a_database_that_is_away_or_slow_holds_tasks_up_but_the_panels_own_password_does_not(check, code):
    assert code_of(find(sample=stuck_sample(database=check), workload=make_workload(make_worker(**HELD)))) == code


@pytest.mark.parametrize(("ago_s", "is_told"), [(80, True), (140, True), (20, False), (900, False)])
def test_a_kill_explains_a_standstill_that_began_with_it_and_no_other(ago_s, is_told):
    trends = Trends(kills=(Kill(name="worker", count=2, ago_s=ago_s),))

    cause = find(trends=trends, workload=make_workload(make_worker(**HELD)))

    assert (code_of(cause) == "memory_kill") is is_told
    if is_told:
        assert facts_of(cause) == {"name": "worker", "count": 2, "ago_s": ago_s}


@pytest.mark.parametrize(("ago_s", "code"), [(299, "memory_kill"), (301, "tasks_fail_kind")])
def test_where_messages_move_a_kill_explains_failures_for_some_minutes(ago_s, code):
    trends = Trends(kills=(Kill(name="worker", count=1, ago_s=ago_s),))
    task = Task(name="send_voice", last_failure=Failure(kind="WorkerLostError", age_s=9.0))

    assert code_of(find(finding=FAILED, trends=trends, workload=Workload(events=Events.ON, tasks=(task,)))) == code


def failing(failed: float | None, succeeded: float | None, **overrides: Any) -> Workload:
    last = Failure(kind="GatewayTimeout", age_s=7.0)
    task = Task(name="send_voice", failed_per_min=failed, succeeded_per_min=succeeded, last_failure=last)
    rare = Task(name="email", failed_per_min=1.0, succeeded_per_min=99.0, last_failure=Failure(kind="OSError", age_s=1))
    others = Task(name="", failed_per_min=500.0, succeeded_per_min=0.0)
    return Workload(**{"events": Events.ON, "tasks": (rare, task, others), **overrides})


@pytest.mark.parametrize(("failed", "succeeded", "percent"), [(3, 9, 25), (3, 0, 100), (2, 9998, 0.1), (9999, 2, 99.9)])
def test_failures_are_told_by_task_share_and_class(failed, succeeded, percent):
    finding = FAILED if failed == 3 else replace(FAILED, code="failing")

    cause = find(sample=make_sample(), finding=finding, workload=failing(failed, succeeded))

    assert cause == Finding(
        level=Level.ATTENTION,
        code="tasks_fail_percent_kind",
        facts={"task": "send_voice", "percent": percent, "kind": "GatewayTimeout"},
    )


@pytest.mark.parametrize(
    ("why", "workload"),
    [("events were lost", failing(3, 9, lost=1)), ("successes are unknown", failing(3, None))],
)
def test_failures_are_told_without_their_share_when(why, workload):
    cause = find(sample=make_sample(), finding=FAILED, workload=workload)

    assert told(cause) == ("tasks_fail_kind", {"task": "send_voice", "kind": "GatewayTimeout"})


def test_the_last_of_failures_that_are_over_is_told_by_its_class():
    tasks = (
        Task(name="email", failed_per_min=0.0, last_failure=Failure(kind="OSError", age_s=300.0)),
        Task(name="send_voice", failed_per_min=0.0, last_failure=Failure(kind="GatewayTimeout", age_s=90.0)),
        Task(name="report"),
    )

    cause = find(sample=make_sample(), finding=FAILED, workload=Workload(events=Events.ON, tasks=tasks))

    assert facts_of(cause) == {"task": "send_voice", "kind": "GatewayTimeout"}


@pytest.mark.parametrize("events", [Events.OFF, Events.UNKNOWN, Events.DENIED])
def test_without_events_no_task_is_said_to_fail(events):
    assert find(sample=make_sample(), finding=FAILED, workload=failing(3, 9, events=events)) is None


def test_throttling_explains_a_full_cpu_and_a_standstill_of_which_no_more_is_known():
    trends = Trends(throttled={"web": 3.0, "worker": 61.4})
    busy = Finding(level=Level.ATTENTION, code="cpu_high")

    assert told(find(finding=busy, trends=trends)) == ("cpu_throttled", {"name": "worker", "percent": 61})
    assert code_of(find(trends=trends)) == "cpu_throttled"
    assert find(finding=busy, trends=Trends(throttled={"worker": 24.0})) is None


def test_the_end_of_a_steady_stream_explains_only_that_nothing_arrives():
    trends = Trends(silences=(Silence(queue="dispatch", quiet_s=420.0, steady_s=9000.0, in_per_min=40.0),))
    ended = Finding(level=Level.ATTENTION, code="arrivals_ended", facts={"queue": "dispatch", "quiet_s": 420})

    cause = find(sample=make_sample(), finding=ended, trends=trends)

    assert facts_of(cause) == {"queue": "dispatch", "in_per_min": 40.0, "steady_s": 9000}
    assert find(sample=make_sample(), finding=FAILED, trends=trends) is None


def test_a_cause_explains_the_worst_finding_and_not_another():
    kill = Trends(kills=(Kill(name="worker", count=1, ago_s=20.0),))
    away = Check(status=Status.OFFLINE, reason="timeout")
    unserved = Check(status=Status.OFFLINE, reason="no_consumers", facts=UNSERVED.facts)
    sample = make_sample(queues=(make_queue(consumers=0),), checks={"database": away, "worker": unserved})
    database = Finding(level=Level.BAD, code="database_offline")

    assert code_of(find(sample=sample, finding=database, trends=kill)) == "database_timeout"
    assert code_of(find(sample=sample, finding=UNSERVED)) == "no_consumer"


def test_the_queue_that_stands_still_is_explained_and_not_one_that_waits_besides():
    queues = (make_queue(name="other", ready=900), make_queue(ready=130))
    sample = make_sample(queues=queues, checks=stuck_sample().checks)

    assert code_of(find(sample=sample, workload=make_workload(make_worker(**HELD)))) == "slots_held"


@pytest.mark.parametrize("code", ["clock_differs", "two_collectors", "ram_high", "queue_missing", "clock_of_worker"])
def test_what_explains_itself_has_no_cause(code):
    assert find(finding=Finding(level=Level.ATTENTION, code=code)) is None


@pytest.mark.parametrize("level", [Level.FINE, Level.UNKNOWN])
def test_without_anything_wrong_there_is_no_cause(level):
    assert find(finding=Finding(level=level, code="first_look")) is None


def test_a_cause_is_as_bad_as_what_it_explains():
    pause = Finding(level=Level.ATTENTION, code="still", facts=STUCK.facts)

    assert [cause.level for finding in (STUCK, pause) if (cause := find(finding=finding))] == [
        Level.BAD,
        Level.ATTENTION,
    ]


def test_names_from_outside_are_bounded():
    workload = make_workload(make_worker(name="b" * 5000, age_s=95.0), make_worker(name="a"))

    cause = find(workload=workload)

    assert len(str(facts_of(cause)["worker"]).encode()) <= NAME_BYTES


def test_names_from_outside_hide_nothing():
    workload = make_workload(make_worker(name="b\u202e\n\x1b[2J", age_s=95.0), make_worker(name="a"))

    assert str(facts_of(find(workload=workload))["worker"]).isprintable()
