"""The headline while nothing is wrong."""

from typing import Any

import pytest

from collector.judgement.flow import describe_flow
from collector.judgement.situation import Past
from collector.judgement.trend import Trend
from store.samples.model import Queue, QueueState, Reserved
from store.samples.verdict import Level
from store.samples.workload import Worker, Workload
from tests.builders import make_queue, make_sample


def told(*queues: Queue, held_s: float | None = None, **sample: Any) -> tuple[str, dict[str, Any]]:
    finding = describe_flow(make_sample(queues=queues, verdict=None, **sample), Past(held_s=held_s))
    assert finding.level is Level.FINE
    return finding.code, dict(finding.facts)


def queue(ready: int, in_per_s: float | None = None, out_per_s: float | None = None, **known: Any) -> Queue:
    return make_queue(ready=ready, in_per_s=in_per_s, out_per_s=out_per_s, **known)


@pytest.mark.parametrize(
    ("queues", "code", "facts"),
    [
        ([], "fine", {}),
        ([queue(0)], "queue_empty", {}),
        ([queue(0, unacked=5000)], "queue_empty_held", {"count": 5000}),
        ([queue(0, 43, 43)], "sending_empty", {"per_s": 43}),
        ([queue(1410)], "waiting", {"waiting": 1410}),  # The broker tells no rates.
        ([queue(5, 0, 0)], "waiting", {"waiting": 5}),
        ([queue(1250, 5, 5)], "sending_steady", {"waiting": 1250, "per_s": 5}),
        ([queue(100, 5, 5.2)], "sending_steady", {"waiting": 100, "per_s": 5.2}),  # It hardly gets shorter.
        ([queue(1410, 0, 43)], "sending_ends", {"waiting": 1410, "per_s": 43, "ends_s": 33}),
        ([queue(1250, 2, 7)], "sending_ends", {"waiting": 1250, "per_s": 7, "ends_s": 250}),
        ([queue(1_000_000, 0, 1)], "sending", {"waiting": 1_000_000, "per_s": 1}),  # In more than a day.
        ([queue(1250, 12, 0)], "growing", {"waiting": 1250, "growth_per_s": 12}),
        # More comes than is finished and next to nothing waits: the workers hold it.
        ([queue(3, 9, 0)], "waiting", {"waiting": 3}),
        # Several queues end with the slowest, and one that grows outweighs all that drain.
        ([queue(100, 0, 10), queue(100, 0, 1), queue(0, 3, 3)], "sending_ends",
         {"waiting": 200, "per_s": 14, "ends_s": 100}),
        ([queue(100, 0, 50), queue(40, 12, 0)], "growing", {"waiting": 140, "growth_per_s": 12}),
        ([queue(100, 0, 10), queue(5)], "waiting", {"waiting": 105}),
        ([queue(100, 0, 10), queue(0, state=QueueState.MISSING)], "sending_ends",
         {"waiting": 100, "per_s": 10, "ends_s": 10}),
    ],
)  # fmt: skip
def test_the_headline_tells_how_much_waits_and_where_it_goes(
    queues: list[Queue], code: str, facts: dict[str, Any]
) -> None:
    assert told(*queues) == (code, facts)


@pytest.mark.parametrize(("lacking_s", "level"), [(0, Level.FINE), (57, Level.FINE), (60, Level.ATTENTION)])
def test_a_queue_that_grows_tells_how_many_processes_are_missing_at_least_and_needs_attention_after_a_minute(
    lacking_s: float, level: Level
) -> None:
    worker = Worker(name="celery@a", age_s=1.0, slots=8, busy=8, queues=("dispatch",))
    sample = make_sample(queues=(queue(900, 52, 40),), verdict=None)

    finding = describe_flow(sample, Past(lacking_s=lacking_s), Workload(workers=(worker,), workers_total=1))

    assert (finding.code, finding.facts) == ("growing_lacks", {"waiting": 900, "growth_per_s": 12, "count": 3})
    assert finding.level is level


def test_an_empty_queue_tells_when_it_last_held_messages_where_that_is_known() -> None:
    assert told(queue(0), at=1_000_000.0, held_s=60.2) == ("queue_empty_since", {"at": 999_940})


def test_a_depth_that_falls_has_an_end_where_no_rate_is_known() -> None:
    trends = {"dispatch": Trend(step=-30, slope_per_s=-10.0)}
    finding = describe_flow(make_sample(queues=(queue(300),), verdict=None), Past(trends=trends))

    assert (finding.code, finding.facts) == ("draining", {"waiting": 300, "ends_s": 30})


def test_what_redis_keeps_for_the_workers_is_told_of_an_empty_queue() -> None:
    assert told(queue(0), reserved=Reserved(count=7), held_s=3.0) == ("queue_empty_held", {"count": 7})
    assert told(queue(0), reserved=Reserved(count=0)) == ("queue_empty", {})
