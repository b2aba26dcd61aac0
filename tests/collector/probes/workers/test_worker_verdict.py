"""The workers' check from made-up evidence."""

from typing import Any

import pytest

from collector.probes.broker.departures import Movement
from collector.probes.workers.worker_verdict import Evidence, judge_workers
from store.samples.model import Check, Status


def queue(name: str = "q", **known: Any) -> Evidence:
    return Evidence(name=name, **known)


def still(seconds: float, *, is_certain: bool = True, name: str = "q", **known: Any) -> Evidence:
    movement = Movement(still_s=seconds, is_certain=is_certain, unchanged_s=seconds)
    return queue(name, waiting=1250, movement=movement, **known)


def late(still_s: float, apparent_s: float) -> Evidence:
    return queue(waiting=1250, movement=Movement(still_s=still_s, apparent_s=apparent_s, is_certain=True))


def unserved(seconds: float, waiting: int, name: str = "q") -> Evidence:
    return queue(name, unserved_s=seconds, waiting=waiting)


def verdict(status: Status, reason: str, **facts: float | str) -> Check:
    return Check(status=status, reason=reason, facts=facts)


ONLINE = Check(status=Status.ONLINE)
STUCK = verdict(Status.OFFLINE, "no_progress", queue="q", idle_s=60, waiting=1250)
SILENT = verdict(Status.DEGRADED, "ping_silent", idle_s=30)
UNSEEN = verdict(Status.UNKNOWN, "movement_unknown", queue="q", idle_s=60, waiting=1250)
WORKING = Movement(departed_s=3.0)


@pytest.mark.parametrize(
    ("queues", "silent_s", "expected"),
    [
        ([], None, Check(status=Status.UNKNOWN, reason="no_queues")),
        ([queue()], None, ONLINE),
        # Messages wait and none has left, even if workers answer.
        ([still(59.9)], None, ONLINE),
        ([still(60)], None, STUCK),
        ([still(60, is_answered=True)], 0.0, STUCK),
        ([queue("other", movement=WORKING), still(60)], None, STUCK),
        # The counters come late, and the depth has not fallen.
        ([late(35, 60)], None, STUCK),
        ([late(35, 59)], None, ONLINE),
        ([late(0, 60)], None, ONLINE),
        # Where a departure may go unseen, the workers must be silent as well.
        ([still(60, is_certain=False)], None, UNSEEN),
        ([still(60, is_certain=False, is_answered=True)], 3.0, UNSEEN),
        ([still(60, is_certain=False)], 30.0, STUCK),
        ([queue(waiting=9, movement=Movement(still_s=60, unchanged_s=3))], None, ONLINE),  # It grows.
        # Silence.
        ([queue()], 29.9, ONLINE),
        ([queue()], 30.0, SILENT),
        ([still(30.0)], 30.0, SILENT),
        ([queue(movement=WORKING)], 300.0, ONLINE),  # They do not answer, but they work.
        # No consumers.
        ([unserved(93.5, 7)], None, verdict(Status.OFFLINE, "no_consumers", idle_s=93, waiting=7)),
        ([unserved(9, 7, "a"), unserved(3, 5, "b")], 60.0,
         verdict(Status.OFFLINE, "no_consumers", idle_s=3, waiting=12)),
        ([queue(), unserved(9, 7, "a")], None,
         verdict(Status.DEGRADED, "no_consumers", idle_s=9, waiting=7, queue="a")),
        ([queue(), still(75, is_certain=False, name="a", unserved_s=80)], None,
         verdict(Status.OFFLINE, "no_consumers", idle_s=75, waiting=1250, queue="a")),
        ([still(60), unserved(9, 7, "a")], None, STUCK),
        # Messages are with a consumer and none is finished.
        ([queue(unacked=1000, unfinished_s=115)], None,
         verdict(Status.DEGRADED, "unfinished", queue="q", idle_s=115, unacked=1000)),
        ([queue(unacked=1000, unfinished_s=59)], None, ONLINE),
        ([queue(unacked=1000, unfinished_s=3600, is_answered=True)], None, ONLINE),  # Tasks for a later time.
    ],
)  # fmt: skip
def test_the_verdict_follows_the_evidence(queues: list[Evidence], silent_s: float | None, expected: Check) -> None:
    assert judge_workers(queues, silent_s) == expected


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (still(60, is_certain=False), STUCK),
        (still(59, is_certain=False), ONLINE),
        (queue(waiting=9, movement=Movement(still_s=60, unchanged_s=3)), ONLINE),  # It grows: as many may leave.
    ],
)
def test_a_depth_that_does_not_change_is_a_standstill_where_the_workers_got_a_question_and_none_answered(
    found: Evidence, expected: Check
) -> None:
    assert judge_workers([found], None, is_unanswered=True) == expected
