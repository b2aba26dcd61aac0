"""The workers' verdict on made-up evidence."""

from typing import Any

import pytest

from collector.probes.worker_verdict import Evidence, judge_workers
from collector.store.model import Check, Status


def queue(name: str = "q", consumers: int = 3, **known: Any) -> Evidence:
    return Evidence(name=name, consumers=consumers, **known)


def unserved(seconds: float, waiting: int, name: str = "q") -> Evidence:
    return queue(name, 0, unserved_s=seconds, waiting=waiting)


ONLINE = Check(status=Status.ONLINE)
STUCK = queue(waiting=1250, idle_s=90.0)
NO_PROGRESS = Check(
    status=Status.DEGRADED,
    reason="no_progress",
    facts={"queue": "q", "consumers": 3, "idle_s": 90, "waiting": 1250},
)
SILENT = Check(status=Status.DEGRADED, reason="ping_silent", facts={"idle_s": 30})


@pytest.mark.parametrize(
    ("queues", "silent_s", "expected"),
    [
        ([], None, Check(status=Status.UNKNOWN, reason="no_queues")),
        ([queue()], None, ONLINE),
        ([queue(waiting=9, idle_s=89.9)], None, ONLINE),
        ([STUCK], None, NO_PROGRESS),
        ([STUCK], 0.0, NO_PROGRESS),
        ([STUCK], 90.0, NO_PROGRESS),
        ([queue("other", waiting=0), STUCK], None, NO_PROGRESS),
        ([queue()], 29.9, ONLINE),
        ([queue()], 30.0, SILENT),
        ([queue(waiting=9, idle_s=30.0)], 30.0, SILENT),
        ([queue(waiting=9, idle_s=3.0)], 300.0, ONLINE),  # They do not answer, but they work.
        ([unserved(93.5, 7)], None,
         Check(status=Status.OFFLINE, reason="no_consumers", facts={"idle_s": 93, "waiting": 7})),
        ([unserved(9, 7, "a"), unserved(3, 5, "b")], 60.0,
         Check(status=Status.OFFLINE, reason="no_consumers", facts={"idle_s": 3, "waiting": 12})),
        ([STUCK, unserved(9, 7, "a")], None,
         Check(status=Status.DEGRADED, reason="no_consumers", facts={"idle_s": 9, "waiting": 7, "queue": "a"})),
    ],
)  # fmt: skip
def test_the_verdict_follows_the_evidence(queues: list[Evidence], silent_s: float | None, expected: Check) -> None:
    assert judge_workers(queues, silent_s) == expected
