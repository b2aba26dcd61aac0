"""Causes that lie with the workers: each is named by what is known of them, and none where too little is."""

import pytest

from collector.judgement.recent import Trends
from collector.probes.workers.worker_inspect import Inspection
from store.samples.model import Check, Status
from store.samples.verdict import Finding, Level
from tests.builders import make_queue, make_sample
from tests.causes import (
    FAILED,
    HELD,
    IDLE,
    UNSERVED,
    code_of,
    facts_of,
    find,
    make_worker,
    make_workload,
    stuck_sample,
    told,
)


def test_workers_that_are_connected_and_finish_nothing_are_the_least_to_be_said():
    assert find() == Finding(level=Level.BAD, code="none_finishes", facts={"idle_s": 90})
    answered = Inspection(served={"dispatch": 1})
    assert code_of(find(sample=stuck_sample("redis"), inspection=answered)) == "none_finishes"


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


@pytest.mark.parametrize(
    ("inspection", "code"), [(Inspection(reason="nobody_listens"), "nobody_listens"), (Inspection(), "no_consumer")]
)
def test_on_redis_a_missing_worker_is_told_before_anything_stands_still(inspection, code):
    check = Check(status=Status.UNKNOWN, reason=inspection.reason or "none_serves")
    sample = make_sample(checks={"worker": check})
    unknown = Finding(level=Level.ATTENTION, code="worker_unknown")

    assert code_of(find(sample=sample, finding=unknown, inspection=inspection)) == code
