"""The pauses between inspections: workers that do not answer are asked less and less often."""

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


def test_a_backoff_doubles_up_to_its_cap_and_starts_again_after_a_reset() -> None:
    backoff = Backoff(2, 60)

    assert pauses(7, backoff.next_s) == [2, 4, 8, 16, 32, 60, 60]
    backoff.reset()
    assert backoff.next_s() == 2


def test_workers_that_answer_are_asked_at_the_interval_and_sooner_while_a_queue_has_no_worker(
    backoff: InspectBackoff,
) -> None:
    assert all_well(backoff) == 10
    assert all_well(backoff, is_complete=False) == 2


def test_workers_that_never_answered_are_soon_asked_every_five_minutes(backoff: InspectBackoff) -> None:
    assert pauses(6, lambda: silent(backoff)) == [2, 8, 32, 128, 300, 300]


def test_one_worker_that_never_answered_slows_the_requests_to_every_five_minutes_although_others_answer(
    backoff: InspectBackoff,
) -> None:
    assert pauses(6, lambda: silent(backoff, count=1, listeners=2)) == [2, 8, 32, 128, 300, 300]


def test_a_silent_worker_among_workers_that_all_answered_before_is_asked_at_least_every_minute(
    backoff: InspectBackoff,
) -> None:
    all_well(backoff, count=2, listeners=2)

    assert pauses(6, lambda: silent(backoff, count=1, listeners=2)) == [2, 4, 8, 16, 32, 60]


def test_without_a_number_of_listeners_one_answer_stands_for_all(backoff: InspectBackoff) -> None:
    all_well(backoff, listeners=None)

    assert pauses(6, lambda: silent(backoff, listeners=None)) == [2, 4, 8, 16, 32, 60]


def test_workers_that_answered_before_are_asked_at_least_every_minute(backoff: InspectBackoff) -> None:
    all_well(backoff)

    assert pauses(7, lambda: silent(backoff)) == [2, 4, 8, 16, 32, 60, 60]


def test_an_answer_or_another_number_of_listeners_resets_the_pauses(backoff: InspectBackoff) -> None:
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
def test_a_request_that_fails_is_retried_after_growing_pauses(
    backoff: InspectBackoff, reason: str, longest_s: float
) -> None:
    tried = pauses(10, lambda: backoff.after_failure(reason))

    assert tried[:3] == [2, 4, 8]
    assert tried[-1] == longest_s
    assert backoff.after_failure("another") == 2


def test_a_worker_that_never_answered_is_told_from_one_that_fell_silent(backoff: InspectBackoff) -> None:
    all_well(backoff, count=2, listeners=2)
    silent(backoff, count=1, listeners=2)
    assert not backoff.is_one_mute
    silent(backoff, count=2, listeners=3)
    assert backoff.is_one_mute
    all_well(backoff, count=1, listeners=None)
    assert not backoff.is_one_mute
