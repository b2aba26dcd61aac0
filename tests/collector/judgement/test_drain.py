"""When the queues will be empty, and what is missing where they grow."""

from typing import Any

import pytest

from collector.judgement.drain import Drain, drain_of
from collector.judgement.trend import Trend
from store.samples.model import Queue, QueueState
from store.samples.workload import Worker, Workload
from tests.builders import make_queue


def flowing(ready: int | None, in_per_s: float | None, out_per_s: float | None, **overrides: Any) -> Queue:
    return make_queue(ready=ready, in_per_s=in_per_s, out_per_s=out_per_s, **overrides)


def make_workload(*workers: Worker, **overrides: Any) -> Workload:
    return Workload(workers=workers, **{"workers_total": len(workers), **overrides})


FULL = Worker(name="a", age_s=1.0, slots=8, busy=8, queues=("dispatch",))


def test_what_waits_is_over_when_it_has_drained_at_the_rate_of_now():
    assert drain_of([flowing(1250, 2, 7)]) == Drain(ends_s=250)


def test_the_queues_together_are_empty_when_the_slowest_is():
    queues = [flowing(100, 0, 10, name="a"), flowing(100, 0, 1, name="b"), flowing(0, 3, 3, name="c")]

    assert drain_of(queues) == Drain(ends_s=100)


def test_one_queue_that_grows_outweighs_all_that_drain():
    assert drain_of([flowing(100, 0, 50, name="a"), flowing(40, 12, 0, name="b")]) == Drain(growth_per_s=12)


@pytest.mark.parametrize(
    ("trend", "rates", "expected"),
    [
        (Trend(step=-146, slope_per_s=None), (121, 27), None),  # A dispatch came: on average of 15 s it still grows.
        (Trend(step=146, slope_per_s=None), (27, 121), None),
        (Trend(step=-5, slope_per_s=None), (2, 7), Drain(ends_s=60)),
        (Trend(step=-125, slope_per_s=-50.0), (24, 0), Drain(ends_s=6)),
        (Trend(step=36, slope_per_s=12.0), (0, 24), Drain(growth_per_s=12)),
        (Trend(step=-30, slope_per_s=-10.0), (None, None), Drain(ends_s=30)),  # The depth needs no rates.
    ],
)
def test_the_depth_knows_better_than_rates_that_average(trend, rates, expected):
    assert drain_of([flowing(300, *rates)], trends={"dispatch": trend}) == expected


@pytest.mark.parametrize("rates", [(20, 20), (20, 20.4), (20.4, 20)])
def test_as_much_comes_as_leaves_within_the_noise(rates):
    assert drain_of([flowing(300, *rates)]) == Drain()


@pytest.mark.parametrize(
    ("why", "queues"),
    [
        ("nothing is watched", []),
        ("nothing waits", [flowing(0, 5, 5)]),
        ("nothing moves", [flowing(130, 0, 0)]),
        ("the depth is unknown", [flowing(None, 0, 5)]),
        ("a rate is unknown", [flowing(10, 0, 5, name="a"), flowing(10, None, 5, name="b")]),
        ("the end is further away than a day", [flowing(1_000_000, 0, 2)]),
        ("the workers hold what comes in", [flowing(3, 12, 0)]),
    ],
)
def test_nothing_is_predicted_if(why, queues):
    assert drain_of(queues) is None


def test_an_empty_queue_of_which_no_rate_is_known_is_no_reason_to_predict_nothing():
    assert drain_of([flowing(0, None, None, name="idle"), flowing(100, 0, 10)]) == Drain(ends_s=10)


def test_a_queue_that_does_not_exist_is_no_reason_to_predict_nothing():
    missing = Queue(name="old", state=QueueState.MISSING)

    assert drain_of([missing, flowing(100, 0, 10)]) == Drain(ends_s=10)


@pytest.mark.parametrize(("in_per_s", "missing"), [(50, 2), (51, 3), (45, 1), (41, 1)])
def test_processes_are_missing_for_as_much_as_the_queue_grows(in_per_s, missing):
    """Eight slots finish 40 a second, so each finishes five."""
    assert drain_of([flowing(900, in_per_s, 40)], make_workload(FULL)) == Drain(
        growth_per_s=in_per_s - 40, missing=missing
    )


def test_workers_that_serve_several_queues_have_one_pace_for_all():
    both = Worker(name="a", age_s=1.0, slots=8, busy=8, queues=("a", "b"))
    queues = [flowing(900, 30, 20, name="a"), flowing(0, 20, 20, name="b")]

    assert drain_of(queues, make_workload(both)) == Drain(growth_per_s=10, missing=2)


@pytest.mark.parametrize(
    ("why", "workload"),
    [
        ("a slot is idle", make_workload(FULL, Worker(name="b", age_s=1.0, slots=8, busy=7, queues=("dispatch",)))),
        ("slots are unknown", make_workload(FULL, Worker(name="b", age_s=1.0, busy=7, queues=("dispatch",)))),
        ("a worker's queues are unknown", make_workload(FULL, Worker(name="b", age_s=1.0, slots=8, busy=8))),
        ("a worker was not heard lately", make_workload(Worker(name="b", slots=8, busy=8, queues=("dispatch",)))),
        ("the table lacks workers", make_workload(FULL, workers_total=51)),
        ("the workers serve a queue that is not watched",
         make_workload(Worker(name="b", age_s=1.0, slots=8, busy=8, queues=("dispatch", "email")))),
        ("no worker serves the queue", make_workload(Worker(name="b", age_s=1.0, slots=8, busy=8, queues=("email",)))),
        ("the workers are unknown", None),
    ],
)  # fmt: skip
def test_no_process_is_said_to_be_missing_if(why, workload):
    assert drain_of([flowing(900, 50, 40)], workload) == Drain(growth_per_s=10)


def test_without_a_pace_no_process_is_said_to_be_missing():
    assert drain_of([flowing(900, 50, 0)], make_workload(FULL)) == Drain(growth_per_s=50)
