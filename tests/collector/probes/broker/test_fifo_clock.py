"""The age that counted arrivals give the oldest waiting message."""

import random

import pytest

from collector.probes.broker.fifo_clock import POINTS, STEP_S, FifoClock


def age_s(clock: FifoClock, waiting: int, now_s: float) -> float | None:
    passed = clock.passed(clock.arrived - waiting)
    return None if passed is None else now_s - passed[0]


def test_the_oldest_of_n_is_the_nth_latest_arrival() -> None:
    clock = FifoClock(0.0)
    clock.add(100, 10.0, 10.0)
    clock.add(50, 20.0, 20.0)

    assert [age_s(clock, waiting, 30.0) for waiting in (150, 51, 50, 1)] == [20.0, 20.0, 10.0, 10.0]


def test_what_waited_before_the_clock_began_has_no_known_time() -> None:
    clock = FifoClock(5.0)
    clock.add(10, 6.0, 6.0)

    assert age_s(clock, 11, 10.0) is None
    assert age_s(clock, 10, 10.0) == 4.0


def test_arrivals_over_a_time_are_even_and_the_latest_is_told_too() -> None:
    clock = FifoClock(0.0)
    clock.add(10, 0.0, 100.0)

    assert clock.passed(3) == (40.0, 100.0)


def test_arrivals_that_are_noted_late_come_before_later_ones() -> None:
    clock = FifoClock(0.0)
    clock.add(10, 50.0, 50.0)
    clock.add(20, 0.0, 40.0)

    assert clock.arrived == 30
    assert clock.arrived_by(20.0) == 10
    assert clock.arrived_by(45.0) == 20
    assert age_s(clock, 10, 60.0) == 10.0
    assert age_s(clock, 30, 60.0) == 58.0


def test_what_was_counted_too_much_is_taken_back() -> None:
    clock = FifoClock(0.0)
    clock.add(10, 1.0, 1.0)
    clock.add(40, 5.0, 5.0)
    clock.add(3, 9.0, 9.0)
    clock.cap(10, 6.0)

    assert (clock.arrived_by(6.0), clock.arrived) == (10, 13)
    assert age_s(clock, 13, 10.0) == 9.0


@pytest.mark.parametrize("seed", range(5))
def test_a_clock_of_few_points_tells_the_age_of_a_long_past_within_two_percent(seed: int) -> None:
    chance = random.Random(seed)
    clock, instants, now_s = FifoClock(0.0), [], 0.0
    for _ in range(20_000):
        pace = chance.choice((0.0, 1.0, 30.0)) if chance.random() < 0.01 or not instants else pace  # noqa: F821
        now_s += 1.0
        came = int(pace + chance.random())
        clock.add(came, now_s - 1.0, now_s)
        instants += [now_s] * came

    assert len(clock._times) <= POINTS
    assert clock.arrived == len(instants)
    for waiting in range(1, len(instants), 997):
        truth_s = now_s - instants[-waiting]
        told_s = age_s(clock, waiting, now_s)
        assert told_s is not None
        assert abs(told_s - truth_s) <= max(2 * STEP_S, 0.02 * truth_s)


def test_the_latest_time_of_an_arrival_is_never_before_it_however_few_points_are_left() -> None:
    chance = random.Random(1)
    clock, instants = FifoClock(0.0), []
    for second in range(1, 5000):
        came = chance.choice((0, 0, 0, 1, 90))
        clock.add(came, second - 1.0, float(second))
        instants += [float(second)] * came

    for waiting in range(1, len(instants), 501):
        passed = clock.passed(clock.arrived - waiting)
        assert passed is not None
        assert passed[1] >= instants[-waiting] - 1e-6
