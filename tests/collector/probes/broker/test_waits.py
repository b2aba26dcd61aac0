"""What a sample tells of a queue's waiting time on RabbitMQ, and on what it rests."""

from dataclasses import replace

import pytest

from collector.probes.broker.amqp_waits import AmqpWaits
from collector.probes.broker.management_figures import Figures
from collector.probes.broker.uncounted import Uncounted
from collector.probes.broker.waiting import Limits, with_wait
from store.samples.model import Basis, Queue, QueueState

QUEUE = Queue(name="q", state=QueueState.OK, ready=50, consumers=1)
EMPTY = replace(QUEUE, ready=0)


def told(queue: Queue) -> tuple[float | None, bool, Basis | None]:
    return queue.wait_s, queue.wait_is_bound, queue.basis


@pytest.mark.parametrize(
    ("limits", "wait_s", "is_bound"),
    [
        (Limits(), None, False),
        (Limits(at_least_s=7.0), 7.0, True),
        (Limits(at_least_s=7.19), 7.1, True),  # A bound is rounded down.
        (Limits(at_least_s=7.0, at_most_s=9.0), 8.0, False),
        (Limits(at_least_s=7.0, at_most_s=60.0), 7.0, True),
        (Limits(at_most_s=4.0), 2.0, False),
        (Limits(at_most_s=60.0), None, False),
        (Limits(at_least_s=-0.1, at_most_s=-0.1), 0.0, False),
    ],
)
def test_limits_that_are_close_make_a_value_and_others_a_bound(
    limits: Limits, wait_s: float | None, is_bound: bool
) -> None:
    assert told(with_wait(QUEUE, limits, Basis.HEAD)) == (wait_s, is_bound, None if wait_s is None else Basis.HEAD)


def test_in_an_empty_queue_nothing_waits() -> None:
    assert told(with_wait(EMPTY, Limits(), Basis.DEPTH)) == (0.0, False, Basis.DEPTH)


def test_the_limits_of_several_lists_are_those_of_the_oldest_message() -> None:
    one, other = Limits(at_least_s=3.0, at_most_s=9.0), Limits(at_least_s=5.0, at_most_s=7.0)

    assert one.joined_with(other) == Limits(at_least_s=5.0, at_most_s=9.0)
    assert one.joined_with(Limits()) == Limits(at_least_s=3.0)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (Limits(at_least_s=3.0, at_most_s=4.0), Limits(at_least_s=3.0, at_most_s=4.0)),
        (Limits(at_least_s=12.0, at_most_s=12.0), Limits(at_least_s=6.0, at_most_s=6.0)),
        (Limits(at_least_s=5.0), Limits(at_least_s=5.0, at_most_s=6.0)),
        (Limits(), Limits(at_most_s=6.0)),
    ],
)
def test_nothing_waits_for_longer_than_until_it_expires(limits: Limits, expected: Limits) -> None:
    assert limits.within(6.0) == expected
    assert limits.within(None) == limits


def waits_of(*, arrived: int | None = 0, **more: bool) -> tuple[AmqpWaits, Figures | None]:
    """Of 50 messages that came at 10 s, at 40 s."""
    waits = AmqpWaits()
    figures = None if arrived is None else Figures(is_quorum=False, **more)
    waits.see(EMPTY, 0.0)
    for at_s in range(1, 40):
        waits.see(QUEUE if at_s >= 10 else EMPTY, float(at_s))
        if figures is not None and at_s % 5 == 0:
            figures = replace(figures, arrived=50 if at_s >= 10 else 0)
            waits.count({"q": figures}, float(at_s), 6.0)
    return waits, figures


def test_with_counters_the_age_is_a_value() -> None:
    waits, figures = waits_of()

    assert told(waits.told(QUEUE, figures, 40.0)) == (pytest.approx(30.0, abs=1.0), False, Basis.MANAGEMENT)


@pytest.mark.parametrize("fact", ["has_priorities", "has_uncounted"])
def test_where_messages_overtake_or_come_uncounted_it_is_a_bound(fact: str) -> None:
    waits, figures = waits_of(**{fact: True})
    wait_s, is_bound, basis = told(waits.told(QUEUE, figures, 40.0))

    assert wait_s is not None
    assert 20 <= wait_s <= 31
    # All came after the queue was empty: so the bound is close enough for a value, or told as one.
    assert is_bound or wait_s >= 27
    assert basis == Basis.MANAGEMENT


def test_without_counters_only_the_depth_tells() -> None:
    waits, _ = waits_of(arrived=None)

    assert told(waits.told(QUEUE, None, 40.0)) == (None, False, None)
    assert told(waits.told(EMPTY, None, 40.0)) == (0.0, False, Basis.DEPTH)


def test_without_counters_and_consumers_all_still_waits() -> None:
    waits, _ = waits_of(arrived=None)
    waits.see(replace(QUEUE, consumers=0), 40.0)

    assert told(waits.told(QUEUE, None, 95.0)) == (55.0, True, Basis.DEPTH)


def test_a_queue_that_is_not_read_tells_nothing() -> None:
    waits, figures = waits_of()
    unknown = Queue(name="q", state=QueueState.UNKNOWN)
    waits.see(unknown, 41.0)

    assert waits.told(unknown, figures, 42.0) is unknown
    assert waits.told(Queue(name="other", state=QueueState.OK, ready=3), None, 42.0).wait_s is None


def noted(*polls: tuple[int, int, int]) -> list[int]:
    uncounted = Uncounted()
    return [uncounted.note(*poll) for poll in polls]


def test_what_is_published_is_counted_however_late_each_figure_is() -> None:
    early = [(100, 0, 0), (200, 40, 60), (200, 100, 100), (200, 90, 160), (200, 0, 200), (200, 0, 200)]
    late = [(0, 0, 0), (0, 100, 0), (0, 100, 0), (100, 50, 0), (100, 50, 50), (100, 0, 100), (100, 0, 100)]

    assert set(noted(*early, *early[-1:] * 9)) == {0}
    assert set(noted(*late, *late[-1:] * 9)) == {0}


def test_messages_that_come_without_being_published_are_noticed_after_some_polls() -> None:
    """As in a queue of dead letters."""
    assert noted(*[(0, 0, 0)] * 4, *[(0, 70, 0)] * 6, *[(0, 20, 50)] * 4)[-1] == 70


def test_what_expires_or_is_given_back_is_no_arrival() -> None:
    expired = [(500, 500, 0), *[(500, 200, 0)] * 6, *[(500, 100, 100)] * 6]

    assert noted(*expired)[-1] == 0
