"""One cause for what is wrong, and none without proof."""

from dataclasses import replace
from typing import Any

import pytest

from collector.judgement.causes import find_cause
from collector.judgement.evidence import NAME_BYTES, Evidence
from collector.judgement.recent import Kill, Silence, Trends
from collector.judgement.situation import Situation
from collector.probes.workers.worker_inspect import Inspection
from store.samples.model import Check, Sample, Status
from store.samples.verdict import Facts, Finding, Level
from store.samples.workload import Events, Failure, Task, Worker, Workload
from tests.builders import make_queue, make_sample

STUCK = Finding(level=Level.BAD, code="stuck", facts={"queue": "dispatch", "idle_s": 90, "waiting": 130})
FAILED = Finding(level=Level.ATTENTION, code="failed", facts={"kind": "GatewayTimeout", "age_s": 7})
UNSERVED = Finding(level=Level.BAD, code="worker_offline", facts={"idle_s": 20})
ALARM = Finding(level=Level.ATTENTION, code="rabbitmq_alarm_memory")

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


def test_a_standstill_of_which_nothing_more_is_known_has_no_cause():
    assert find(sample=stuck_sample("redis")) is None


def test_workers_that_are_connected_and_finish_nothing_are_the_least_to_be_said():
    assert find() == Finding(level=Level.BAD, code="none_finishes", facts={"idle_s": 90})
    answered = Inspection(served={"dispatch": 1})
    assert code_of(find(sample=stuck_sample("redis"), inspection=answered)) == "none_finishes"


@pytest.mark.parametrize("kind", ["memory", "disk"])
def test_a_broker_that_blocks_publishers_is_told_before_what_the_workers_do(kind):
    checks = {"rabbitmq": Check(status=Status.DEGRADED, reason=f"alarm_{kind}")}

    assert code_of(find(sample=stuck_sample(**checks), workload=make_workload(make_worker(**HELD)))) == f"alarm_{kind}"


def test_a_queue_that_no_worker_consumes_is_named_with_those_that_they_consume():
    worker = make_worker(queues=("invoices", "email", "reports", "thumbnails", "audit"))

    cause = find(sample=stuck_sample(consumers=0), workload=make_workload(worker))

    assert facts_of(cause) == {"queue": "dispatch", "consumed": "audit, email, invoices (+2)"}


@pytest.mark.parametrize(
    ("why", "workers", "overrides"),
    [
        ("one worker's queues are unknown", [make_worker(queues=("email",)), make_worker(queues=None)], {}),
        ("not all workers are in the table", [make_worker(queues=("email",))], {"workers_total": 51}),
        ("nobody was heard lately", [make_worker(queues=("email",), age_s=300.0)], {}),
        ("the only worker is the collector", [make_worker(queues=("stats.web-1",))], {}),
        ("RabbitMQ counts a consumer that is no Celery worker", [make_worker(queues=("email",))], {}),
    ],
)
def test_no_other_queue_is_blamed_when(why, workers, overrides):
    sample = stuck_sample(consumers=1 if "RabbitMQ" in why else 0)

    assert code_of(find(sample=sample, workload=make_workload(*workers, **overrides))) != "other_queue"


def test_a_queue_without_a_consumer_on_rabbitmq():
    queues = (make_queue(name="quiet", consumers=0), make_queue(ready=7, consumers=0))
    worker = Check(status=Status.OFFLINE, reason="no_consumers", facts=UNSERVED.facts)
    sample = make_sample(queues=queues, checks={"worker": worker})

    cause = find(sample=sample, finding=UNSERVED)

    assert cause == Finding(level=Level.BAD, code="no_consumer", facts={"queue": "dispatch"})


def test_a_queue_without_a_consumer_on_redis_is_one_that_no_worker_claims_or_hears_of():
    sample = stuck_sample("redis")

    assert code_of(find(sample=sample, inspection=Inspection(served={"email": 1}))) == "no_consumer"
    assert code_of(find(sample=sample, inspection=Inspection(reason="nobody_listens"))) == "nobody_listens"


@pytest.mark.parametrize("reason", ["ask_off", "ask_denied", "answer_unreadable", "ask_failed"])
def test_on_redis_nothing_is_blamed_on_workers_that_could_not_be_asked(reason):
    assert find(sample=stuck_sample("redis"), inspection=Inspection(reason=reason)) is None


def test_a_worker_that_is_heard_without_remote_control_is_a_worker():
    workload = make_workload(make_worker(queues=None))

    assert find(sample=stuck_sample("redis"), inspection=Inspection(reason="nobody_listens"), workload=workload) is None


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


@pytest.mark.parametrize("broker", ["amqp", "redis"])
def test_slots_that_are_all_busy_are_counted_with_the_age_of_the_oldest_task(broker):
    workload = make_workload(make_worker(**HELD), make_worker(name="b", slots=2, busy=2, oldest_s=61.0))

    cause = find(sample=stuck_sample(broker), workload=workload)

    assert cause == Finding(level=Level.BAD, code="slots_held", facts={"busy": 6, "slots": 6, "oldest_s": 725})


def test_full_slots_of_which_no_age_is_known_are_told_without_one():
    cause = find(workload=make_workload(make_worker(slots=4, busy=4)))

    assert told(cause) == ("slots_full", {"busy": 4, "slots": 4})


@pytest.mark.parametrize(
    ("why", "worker"),
    [
        ("its slots are unknown", make_worker(busy=4)),
        ("its tasks are unknown", make_worker(slots=4)),
        ("it was not heard lately", make_worker(**{**HELD, "age_s": 16.0})),
        ("it may not consume the queue", make_worker(**{**HELD, "queues": None})),
    ],
)
def test_no_slots_are_counted_of_a_worker_if(why, worker):
    assert code_of(find(workload=make_workload(make_worker(**HELD), worker))) == "none_finishes"


def test_idle_slots_that_get_no_message_are_counted():
    cause = find(workload=make_workload(make_worker(**IDLE)))

    assert told(cause) == ("slots_idle", {"idle": 3, "slots": 4})


def test_a_prefetch_below_the_slots_explains_idle_ones():
    cause = find(workload=make_workload(make_worker(**IDLE, prefetch=1)))

    assert told(cause) == ("prefetch_low", {"prefetch": 1, "slots": 4})


@pytest.mark.parametrize("prefetch", [0, None, 4, 16])
def test_a_prefetch_that_is_unlimited_unknown_or_enough_explains_nothing(prefetch):
    assert code_of(find(workload=make_workload(make_worker(**IDLE, prefetch=prefetch)))) == "slots_idle"


def test_a_worker_may_have_frozen_when_the_standstill_began_so_its_last_word_counts_only_later():
    young = Finding(level=Level.ATTENTION, code="still_queue", facts={"queue": "dispatch", "idle_s": 16})

    assert code_of(find(finding=young, workload=make_workload(make_worker(**IDLE)))) == "none_finishes"


@pytest.mark.parametrize("broker", ["amqp", "redis"])
def test_a_worker_that_answers_no_more_is_named(broker):
    silent = Inspection(reason="ping_silent", silent_s=41.0)

    cause = find(sample=stuck_sample(broker), inspection=silent, workload=make_workload(make_worker(age_s=44.0)))

    assert told(cause) == ("worker_silent", {"worker": "celery@vm", "silent_s": 44})


def test_one_silent_worker_among_others_that_are_heard_is_named_whoever_was_asked():
    workload = make_workload(make_worker(name="a"), make_worker(name="b", age_s=95.0))

    cause = find(workload=workload)

    assert facts_of(cause) == {"worker": "b", "silent_s": 95}


def test_if_no_worker_was_heard_and_none_was_asked_their_silence_proves_nothing():
    workload = make_workload(make_worker(age_s=95.0))

    assert code_of(find(workload=workload, inspection=Inspection(reason="ask_off"))) == "none_finishes"


@pytest.mark.parametrize(
    ("inspection", "code"),
    [
        (Inspection(reason="ping_silent", silent_s=41.0), "nobody_answers"),
        (Inspection(reason="ping_silent", silent_s=12.0), "none_finishes"),
        (Inspection(reason="ping_silent"), "never_answered"),
        (Inspection(reason="ping_silent", served={"dispatch": 1}), "none_finishes"),
    ],
)
def test_without_a_table_of_workers_their_silence_is_told_together(inspection, code):
    assert code_of(find(inspection=inspection)) == code


def test_while_messages_leave_silence_is_no_cause():
    sample = make_sample(queues=(make_queue(ready=3),))

    assert find(sample=sample, finding=FAILED, inspection=Inspection(reason="ping_silent", silent_s=99.0)) is None


def test_a_workers_clock_that_is_off_is_told_before_that_it_finishes_nothing():
    workload = make_workload(make_worker(skew_s=-95.6))

    cause = find(workload=workload)

    assert told(cause) == ("worker_clock", {"worker": "celery@vm", "apart_s": 95})


def test_messages_that_are_held_and_not_finished_are_told_with_their_time():
    facts = {"queue": "dispatch", "idle_s": 75, "unacked": 4}
    unfinished = Finding(level=Level.ATTENTION, code="worker_unfinished", facts=facts)
    check = Check(status=Status.DEGRADED, reason="unfinished", facts=facts)
    sample = make_sample(checks={"worker": check})

    assert find(sample=sample, finding=unfinished) == Finding(
        level=Level.ATTENTION, code="none_finishes", facts={"idle_s": 75}
    )


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


WAITING = make_queue(ready=900, consumers=1)


def test_slots_that_are_not_used_are_explained_by_the_prefetch():
    workload = make_workload(make_worker(**IDLE, prefetch=1))

    unused = Finding(level=Level.ATTENTION, code="slots_unused", facts={"busy": 1, "slots": 4, "waiting": 900})

    assert code_of(find(sample=make_sample(queues=(WAITING,)), finding=unused, workload=workload)) == "prefetch_low"


def test_what_workers_are_handed_goes_before_what_they_believe():
    workload = make_workload(make_worker(**IDLE, prefetch=4))
    unused = Finding(level=Level.ATTENTION, code="slots_unused", facts={"busy": 1, "slots": 4, "waiting": 900})
    sample, trends = make_sample(queues=(WAITING,)), Trends(unused_s=90.0, handed_out=1)

    assert told(find(sample=sample, finding=unused, workload=workload, trends=trends)) == (
        "prefetch_low",
        {"prefetch": 1, "slots": 4},
    )
    assert code_of(find(workload=workload, trends=trends)) == "prefetch_low"
    assert code_of(find(workload=workload, trends=Trends(unused_s=30.0, handed_out=1))) == "slots_idle"


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


@pytest.mark.parametrize(
    ("inspection", "code"), [(Inspection(reason="nobody_listens"), "nobody_listens"), (Inspection(), "no_consumer")]
)
def test_on_redis_a_missing_worker_is_told_before_anything_stands_still(inspection, code):
    check = Check(status=Status.UNKNOWN, reason=inspection.reason or "none_serves")
    sample = make_sample(checks={"worker": check})
    unknown = Finding(level=Level.ATTENTION, code="worker_unknown")

    assert code_of(find(sample=sample, finding=unknown, inspection=inspection)) == code


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
