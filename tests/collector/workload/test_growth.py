"""Counters of workers become paces, although workers are started again."""

import pytest

from collector.workload.growth import DOUBT_S, LONGEST_S, STEP_S, WINDOW_S, Growth, Pace


def growths(*notes: tuple[float, int, int | None]) -> list[int | None]:
    growth = Growth()
    return [growth.note(*note) for note in notes]


def test_the_first_count_says_nothing_and_each_later_one_how_much_was_added() -> None:
    assert growths((0, 100, 1), (2, 107, 1), (4, 107, 1)) == [None, 7, 0]


def test_a_worker_that_was_started_again_begins_at_0() -> None:
    assert growths((0, 100, 1), (2, 3, 1)) == [None, 3]
    assert growths((0, 100, 1), (2, 130, 2)) == [None, 130]
    assert growths((0, 100, None), (2, 3, None)) == [None, 3]


def test_two_workers_of_one_name_have_no_pace_until_it_is_one_again() -> None:
    alternating = [(2.0 * step, [1_000_000, 5][step % 2], step % 2) for step in range(6)]

    assert growths(*alternating)[2:] == [None] * 4
    assert growths(*alternating, (10 + DOUBT_S, 7, 1), (12 + DOUBT_S, 9, 1))[-1] == 2


def test_a_pace_is_of_the_last_minute() -> None:
    pace = Pace(0.0)
    for second in range(2, 302, 2):
        pace.note(second, 1 if second <= 200 else 3)

    assert pace.per_min(301) == pytest.approx(90, rel=0.02)


def test_a_pace_needs_time_and_ends_with_its_source() -> None:
    pace = Pace(0.0)
    assert pace.per_min(0) is None
    pace.note(STEP_S - 1, 5)
    assert pace.per_min(STEP_S) is None
    pace.note(WINDOW_S, 5)
    assert pace.per_min(WINDOW_S) == pytest.approx(10)
    assert pace.per_min(WINDOW_S + LONGEST_S) == pytest.approx(10)
    assert pace.per_min(WINDOW_S + LONGEST_S + 1) is None


def test_a_pace_keeps_few_points_however_often_it_is_noted() -> None:
    pace = Pace(0.0)
    for step in range(100_000):
        pace.note(step / 100, 1)

    assert len(pace._points) < 2 * WINDOW_S / STEP_S
    assert pace.per_min(1000) == pytest.approx(6000, rel=0.01)
