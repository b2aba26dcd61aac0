"""One verdict from all findings: what comes first, and what each is called."""

from dataclasses import replace
from typing import Any

import pytest

from collector.judgement.judge import MAX_ALSO, Judge, judge
from collector.judgement.situation import Outage, Past, Situation
from store.logs.task_failures import TaskFailures
from store.samples.model import Check, QueueState, Sample, Status, Trouble, TroubleCode
from store.samples.resources import Container, Cpu, Ram, Scope
from store.samples.verdict import Finding, Level, Verdict
from store.samples.workload import Worker, Workload
from tests.builders import make_queue, make_sample

ONLINE = Check(status=Status.ONLINE)
FIRST_LOOK = Check(status=Status.UNKNOWN, reason="first_look")


def verdict_on(sample: Sample, **known: Any) -> Verdict:
    return judge(Situation(sample=sample, **known))


def with_checks(**checks: Check) -> Sample:
    return make_sample(checks={"database": ONLINE, "worker": ONLINE, "rabbitmq": ONLINE, **checks})


def check(status: str, reason: str | None = None, **facts: float | str) -> Check:
    return Check(status=Status(status), reason=reason, facts=facts)


def ram(percent: float) -> Ram:
    return Ram(scope=Scope.HOST, percent=percent)


@pytest.mark.parametrize(
    ("checks", "level", "code", "facts"),
    [
        ({"database": check("offline", "refused")}, "bad", "database_offline", {}),
        ({"database": check("degraded", "slow")}, "attention", "database_degraded", {}),
        ({"database": check("unknown", "denied")}, "attention", "database_unknown", {}),
        ({"rabbitmq": check("offline", "timeout")}, "bad", "rabbitmq_offline", {"broker": "Redis"}),
        ({"rabbitmq": check("degraded", "alarm_disk")}, "attention", "rabbitmq_alarm_disk", {"broker": "Redis"}),
        ({"rabbitmq": check("degraded", "failover")}, "attention", "rabbitmq_failover", {"broker": "Redis"}),
        # Movement comes before presence.
        (
            {"worker": check("offline", "no_progress", queue="dispatch", idle_s=75, waiting=130)},
            "bad", "stuck", {"queue": "dispatch", "idle_s": 75, "waiting": 130},
        ),
        ({"worker": check("offline", "no_consumers")}, "bad", "worker_offline", {}),
        ({"worker": check("offline", "no_consumers", idle_s=9, waiting=0)}, "bad", "worker_offline", {}),
        (
            {"worker": check("offline", "no_consumers", idle_s=90, waiting=1250)},
            "bad", "worker_offline_waiting", {"idle_s": 90, "waiting": 1250},
        ),
        (
            {"worker": check("offline", "no_consumers", queue="low", idle_s=75, waiting=9)},
            "bad", "worker_offline_queue", {"queue": "low", "idle_s": 75, "waiting": 9},
        ),
        (
            {"worker": check("degraded", "no_consumers", queue="low", idle_s=9, waiting=7)},
            "attention", "worker_unserved", {"queue": "low", "idle_s": 9, "waiting": 7},
        ),
        (
            {"worker": check("unknown", "movement_unknown", queue="dispatch", idle_s=60, waiting=4)},
            "attention", "worker_movement_unknown", {"queue": "dispatch", "idle_s": 60, "waiting": 4},
        ),
        (
            {"worker": check("degraded", "unfinished", queue="dispatch", idle_s=115, unacked=1000)},
            "attention", "worker_unfinished", {"queue": "dispatch", "idle_s": 115, "unacked": 1000},
        ),
        ({"worker": check("degraded", "ping_silent", idle_s=30)}, "attention", "worker_silent", {"idle_s": 30}),
        ({"worker": check("unknown", "ping_silent")}, "attention", "worker_unknown", {}),
        ({"worker": check("unknown", "ask_denied")}, "attention", "worker_unknown", {}),
        # Nothing is known yet, and what is not watched is no problem.
        ({"worker": FIRST_LOOK}, "unknown", "first_look", {}),
        ({"database": FIRST_LOOK, "worker": FIRST_LOOK, "rabbitmq": FIRST_LOOK}, "unknown", "first_look", {}),
        ({"worker": check("disabled", "not_watched"), "rabbitmq": check("disabled")}, "fine", "queue_empty", {}),
    ],
)  # fmt: skip
def test_a_check_becomes_a_finding_with_its_facts(
    checks: dict[str, Check], level: str, code: str, facts: dict[str, Any]
) -> None:
    verdict = verdict_on(with_checks(**checks))

    assert (verdict.level, verdict.code, verdict.facts) == (level, code, facts)
    assert verdict.also == ()


def test_nothing_is_said_of_the_workers_while_the_broker_is_away() -> None:
    away = with_checks(rabbitmq=check("offline", "refused"), worker=check("unknown", "broker_down"))

    assert (verdict_on(away).code, verdict_on(away).also) == ("rabbitmq_offline", ())


def test_the_worst_comes_first_and_the_rest_is_not_lost() -> None:
    sample = make_sample(
        checks={
            "database": check("offline", "refused"),
            "worker": check("offline", "no_progress", queue="dispatch", idle_s=75, waiting=130),
            "rabbitmq": check("unknown", "first_look"),
        },
        ram=ram(93.4),
    )

    verdict = verdict_on(sample)

    assert (verdict.level, verdict.code) == (Level.BAD, "stuck")
    assert [(finding.level, finding.code) for finding in verdict.also] == [
        ("bad", "database_offline"), ("attention", "ram_high"), ("unknown", "first_look"),
    ]  # fmt: skip


def test_a_queue_that_cannot_be_counted_is_named() -> None:
    def told(**queue: Any) -> tuple[str, str, Any]:
        verdict = verdict_on(make_sample(queues=(make_queue(**queue),)))
        return verdict.level, verdict.code, verdict.facts

    named = {"queue": "dispatch"}
    unread = {"state": QueueState.UNKNOWN, "ready": None}
    assert told(state=QueueState.MISSING, ready=None) == ("attention", "queue_missing", named)
    assert told(**unread, reason="other_keyprefix") == ("attention", "queue_other_keyprefix", named)
    assert told(**unread) == ("unknown", "queue_unread", named)


def test_a_container_close_to_its_memory_limit_is_named_unless_its_report_is_old() -> None:
    def told(age_s: float) -> Verdict:
        sample = make_sample()
        backend = Container(name="backend", age_s=age_s, cpu=sample.cpu, ram=ram(95.2))
        return verdict_on(make_sample(containers=(backend,)))

    assert (told(1).code, told(1).facts) == ("container_ram_high", {"container": "backend", "percent": 95})
    assert told(14).level is Level.FINE


def test_one_sample_with_a_full_cpu_is_no_news_and_five_in_a_row_are() -> None:
    sample, told = make_sample(), Judge()
    full = make_sample(cpu=Cpu(scope=Scope.HOST, percent=97.0))

    codes = [told.judge(full, {}, None, float(number)).code for number in range(5)]

    assert codes == ["queue_empty"] * 4 + ["cpu_high"]
    assert told.judge(sample, {}, None, 6.0).code == "queue_empty"


def test_what_is_wrong_with_the_watching_itself_is_told() -> None:
    troubles = (
        Trouble(code=TroubleCode.CLOCK_DIFFERS, facts={"seconds": -600}),
        Trouble(code=TroubleCode.TWO_COLLECTORS),
        Trouble(code=TroubleCode.CONTAINER_SHARED, facts={"name": "backend", "count": 2}),
    )

    verdict = verdict_on(make_sample(troubles=troubles))

    told = [(found.code, found.facts) for found in (verdict, *verdict.also)]
    assert told == [
        ("clock_differs", {"host": "web-1", "apart_s": 600}),
        ("two_collectors", {"host": "web-1"}),
        ("container_shared", {"container": "backend", "count": 2}),
    ]


def test_two_hundred_missing_queues_do_not_fill_the_sample() -> None:
    queues = tuple(make_queue(name=f"q{number}", state=QueueState.MISSING, ready=None) for number in range(200))

    assert len(verdict_on(make_sample(queues=queues)).also) == MAX_ALSO


def test_how_the_queue_moves_is_told_beside_what_is_wrong_and_not_beside_a_standstill() -> None:
    draining = (make_queue(ready=1410, in_per_s=0.0, out_per_s=43.0),)
    failures = TaskFailures(kind="GatewayTimeout", age_s=7.0, count=3)
    stuck = {"worker": check("offline", "no_progress", queue="dispatch", idle_s=75, waiting=130)}

    def codes(sample: Sample, **known: Any) -> list[str]:
        verdict = verdict_on(sample, **known)
        return [verdict.code, *(finding.code for finding in verdict.also)]

    assert codes(make_sample(queues=draining), failures=failures) == ["failed_count", "sending_ends"]
    assert codes(make_sample(), failures=failures) == ["failed_count"]
    assert codes(replace(with_checks(**stuck), queues=draining)) == ["stuck"]


def test_an_outage_is_told_beside_what_is_now_and_not_while_another_lasts() -> None:
    past = Past(outage=Outage(lasted_s=720.4, ended_s=120.9))
    recovered = Finding(level=Level.FINE, code="recovered", facts={"ended_s": 120, "lasted_s": 720})

    fine, bad = (
        verdict_on(sample, past=past) for sample in (make_sample(), with_checks(database=check("offline", "refused")))
    )

    assert (fine.code, fine.also) == ("queue_empty", (recovered,))
    assert (bad.code, bad.also) == ("database_offline", ())


def test_a_verdict_that_is_not_fine_tells_its_cause_if_one_is_proven():
    worker = check("offline", "no_progress", queue="dispatch", idle_s=75, waiting=130)
    busy = Worker(name="celery@a", age_s=1.0, slots=8, busy=8, oldest_s=720.0, queues=("dispatch",))
    stuck = replace(with_checks(worker=worker), queues=(make_queue(ready=130),))

    verdict = verdict_on(stuck, workload=Workload(workers=(busy,), workers_total=1))

    assert verdict.cause == Finding(level=Level.BAD, code="slots_held", facts={"busy": 8, "slots": 8, "oldest_s": 720})
    assert verdict_on(stuck).cause is None
    assert verdict_on(make_sample()).cause is None


def test_slots_that_the_prefetch_leaves_idle_call_for_attention_with_their_cause():
    waiting = make_sample(queues=(make_queue(ready=40),), verdict=None)
    held_back = Worker(name="celery@a", age_s=1.0, slots=4, busy=1, prefetch=1, queues=("dispatch",))
    told = Judge()

    verdicts = [
        told.judge(waiting, {}, Workload(workers=(held_back,), workers_total=1), 3.0 * number) for number in range(11)
    ]

    assert [verdict.code for verdict in verdicts[-2:]] == ["waiting", "slots_unused"]
    assert verdicts[-1].cause == Finding(level=Level.ATTENTION, code="prefetch_low", facts={"prefetch": 1, "slots": 4})
