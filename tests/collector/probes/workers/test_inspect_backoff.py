"""How soon the workers are asked again: whoever does not answer is asked more and more seldom."""

from collections.abc import Callable

import pytest

from collector.probes.backoff import Backoff
from collector.probes.workers.inspect_backoff import InspectBackoff, InspectTimes

TIMES = InspectTimes()


def pauses(count: int, pause: Callable[[], float]) -> list[float]:
    return [pause() for _ in range(count)]


def silent(backoff: InspectBackoff, *, count: int = 0, listeners: int | None = 1) -> float:
    return backoff.after_answers(count=count, is_silent=True, is_complete=False, listeners=listeners)


def all_well(backoff: InspectBackoff, *, count: int = 1, is_complete: bool = True, listeners: int | None = 1) -> float:
    return backoff.after_answers(count=count, is_silent=False, is_complete=is_complete, listeners=listeners)


@pytest.fixture
def backoff() -> InspectBackoff:
    return InspectBackoff(TIMES, least_s=0)


def test_a_backoff_doubles_up_to_its_longest_and_begins_anew() -> None:
    backoff = Backoff(2, 60)

    assert pauses(7, backoff.next_s) == [2, 4, 8, 16, 32, 60, 60]
    backoff.reset()
    assert backoff.next_s() == 2


def test_all_is_well_at_the_interval_and_a_queue_without_a_worker_is_looked_after_sooner(
    backoff: InspectBackoff,
) -> None:
    assert all_well(backoff) == 10
    assert all_well(backoff, is_complete=False) == 2


def test_workers_that_have_never_answered_soon_get_a_question_in_five_minutes(backoff: InspectBackoff) -> None:
    assert pauses(6, lambda: silent(backoff)) == [2, 8, 32, 128, 300, 300]


def test_one_that_has_never_answered_soon_gets_a_question_in_five_minutes_whoever_else_answers(
    backoff: InspectBackoff,
) -> None:
    assert pauses(6, lambda: silent(backoff, count=1, listeners=2)) == [2, 8, 32, 128, 300, 300]


def test_where_all_have_once_answered_one_that_is_silent_is_asked_every_minute_at_least(
    backoff: InspectBackoff,
) -> None:
    all_well(backoff, count=2, listeners=2)

    assert pauses(6, lambda: silent(backoff, count=1, listeners=2)) == [2, 4, 8, 16, 32, 60]


def test_where_nobody_tells_how_many_are_asked_one_answer_stands_for_all(backoff: InspectBackoff) -> None:
    all_well(backoff, listeners=None)

    assert pauses(6, lambda: silent(backoff, listeners=None)) == [2, 4, 8, 16, 32, 60]


def test_workers_that_once_answered_are_asked_every_minute_at_least(backoff: InspectBackoff) -> None:
    all_well(backoff)

    assert pauses(7, lambda: silent(backoff)) == [2, 4, 8, 16, 32, 60, 60]


def test_an_answer_or_another_number_of_listeners_begins_anew(backoff: InspectBackoff) -> None:
    pauses(5, lambda: silent(backoff))
    assert silent(backoff, listeners=2) == 2
    pauses(5, lambda: silent(backoff, listeners=2))
    all_well(backoff)
    assert silent(backoff) == 2


def test_no_pause_is_shorter_than_the_least() -> None:
    backoff = InspectBackoff(TIMES, least_s=10)

    assert pauses(4, lambda: silent(backoff)) == [10, 10, 32, 128]
    assert all_well(backoff, is_complete=False) == 10


@pytest.mark.parametrize(
    ("reason", "longest_s"),
    [
        ("ask_unreachable", 10),
        ("ask_failed", 60),
        ("ask_read_only", 60),
        ("ask_denied", 300),
        ("ask_unsupported", 300),
        ("nobody_listens", 300),
    ],
)
def test_a_question_that_cannot_be_put_is_tried_again_ever_later(
    backoff: InspectBackoff, reason: str, longest_s: float
) -> None:
    tried = pauses(10, lambda: backoff.after_failure(reason))

    assert tried[:3] == [2, 4, 8]
    assert tried[-1] == longest_s
    assert backoff.after_failure("another") == 2
