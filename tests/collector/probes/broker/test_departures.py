"""For how long messages have waited without a departure, on readings 3 s apart."""

import pytest

from collector.probes.broker.departures import Departures, Movement
from store.samples.model import Queue, QueueState

Readings = list[tuple[int | None, int]]
"""Ready (None: not known) and consumers."""


def moved(readings: Readings, *, is_certain: bool = False, lag_s: float = 0.0) -> list[Movement]:
    departures = Departures(is_certain=is_certain, lag_s=lag_s)
    movements = []
    for number, (ready, consumers) in enumerate(readings):
        state = QueueState.UNKNOWN if ready is None else QueueState.OK
        departures.note(Queue(name="q", state=state, ready=ready, consumers=consumers), number * 3.0)
        movements.append(departures.movement("q", number * 3.0))
    return movements


@pytest.mark.parametrize(
    ("readings", "still_s"),
    [
        ([(0, 1), (0, 1)], [None, None]),
        ([(9, 1), (9, 1), (9, 1)], [0, 3, 6]),
        ([(9, 1), (9, 1), (8, 1), (8, 1)], [0, 3, 0, 3]),
        ([(9, 1), (10, 1), (11, 1)], [0, 3, 6]),
        ([(0, 1), (0, 1), (5, 1), (5, 1)], [None, None, 0, 3]),  # The empty time before does not count.
        ([(9, 1), (9, 1), (None, 1), (9, 1)], [0, 3, None, 0]),  # An unknown depth starts the count again.
        # A worker comes, takes four, dies, and they are back.
        ([(9, 0), (9, 0), (5, 1), (9, 0), (9, 0)], [0, 3, 0, 9, 12]),
        ([(9, 0), (9, 1), (5, 1), (3, 1), (7, 0)], [0, 3, 0, 0, 3]),  # Two were finished meanwhile.
        ([(9, 1), (8, 2), (12, 2), (12, 1)], [0, 0, 3, 6]),  # One of two goes, and nothing comes back.
    ],
)
def test_messages_wait_and_none_is_seen_leaving_for(readings: Readings, still_s: list[float | None]) -> None:
    assert [movement.still_s for movement in moved(readings)] == still_s


def test_a_changing_depth_is_distinguished_from_an_unchanged_one() -> None:
    assert [movement.unchanged_s for movement in moved([(9, 1), (9, 1), (10, 1), (10, 1), (0, 1)])] == [
        0,
        3,
        0,
        3,
        None,
    ]


def test_the_lag_of_the_figures_does_not_count_as_standstill() -> None:
    movements = moved([(9, 1), (9, 1), (9, 1)], is_certain=True, lag_s=4.0)

    assert [movement.still_s for movement in movements] == [0, 0, 2]
    assert movements[-1].is_certain


def test_the_last_departure_is_known_for_an_empty_queue_too() -> None:
    assert [movement.departed_s for movement in moved([(9, 1), (8, 1), (0, 1), (0, 1)])] == [None, 0, 0, 3]


@pytest.mark.parametrize(
    ("counted", "seen", "still_s", "departed_s"),
    [
        ((70, None), (80, None), 70, None),
        ((70, 80), (2, 2), 2, 2),  # The counters do not show the departure yet.
        ((70, 80), (None, 1), None, 1),  # Nor that the queue is empty now.
        ((3, 13), (500, None), 3, 13),  # As many came as went.
    ],
)
def test_late_counters_are_joined_with_the_depth_that_is_seen_at_once(
    counted: tuple[float, float | None],
    seen: tuple[float | None, float | None],
    still_s: float | None,
    departed_s: float | None,
) -> None:
    told = Movement(still_s=counted[0], departed_s=counted[1], is_certain=True)

    joined = told.joined_with(Movement(still_s=seen[0], departed_s=seen[1], unchanged_s=9))

    assert (joined.still_s, joined.departed_s, joined.is_certain) == (still_s, departed_s, True)


@pytest.mark.parametrize(
    ("counted_s", "seen_s", "apparent_s"),
    [(60, 61, 60), (60, 30, 30), (60, None, None), (None, 61, None)],
)
def test_late_counters_are_no_reason_to_doubt_a_depth_that_does_not_fall(
    counted_s: float | None, seen_s: float | None, apparent_s: float | None
) -> None:
    told = Movement(apparent_s=counted_s, is_certain=True)

    assert told.joined_with(Movement(still_s=seen_s)).apparent_s == apparent_s


def test_another_message_at_the_head_is_one_that_has_left() -> None:
    departures = Departures(is_certain=True)
    queue = Queue(name="q", state=QueueState.OK, ready=9)
    departures.note(queue, 0.0)
    departures.note(queue, 30.0, has_departed=True)

    assert departures.movement("q", 40.0) == Movement(still_s=10, is_certain=True, unchanged_s=40, departed_s=10)


def test_a_time_in_which_nothing_was_seen_counts_neither_as_waiting_nor_as_standing_still() -> None:
    departures = Departures(is_certain=True)
    queue = Queue(name="q", state=QueueState.OK, ready=9)
    departures.note(queue, 0.0)
    departures.note(queue, 20.0)

    departures.skip(20.0, 110.0)

    assert departures.movement("q", 110.0) == Movement(still_s=20, is_certain=True, unchanged_s=20)


def test_a_gap_without_readings_does_not_change_when_the_last_message_left() -> None:
    departures = Departures(is_certain=True)
    departures.note(Queue(name="q", state=QueueState.OK, ready=9), 0.0)
    departures.note(Queue(name="q", state=QueueState.OK, ready=8), 15.0)

    departures.skip(20.0, 110.0)

    assert departures.movement("q", 110.0) == Movement(still_s=5, is_certain=True, unchanged_s=5, departed_s=95)


def test_a_standstill_shows_although_the_broker_is_away_again_and_again() -> None:
    departures = Departures(is_certain=True)
    for seen_s in range(0, 400, 40):
        for at_s in range(seen_s, seen_s + 10):
            departures.note(Queue(name="q", state=QueueState.OK, ready=9), at_s)
        departures.skip(seen_s + 9, seen_s + 40)

    assert departures.movement("q", 400).still_s == 90


def test_nothing_has_waited_since_a_later_time_than_now() -> None:
    departures = Departures(is_certain=True)
    departures.note(Queue(name="q", state=QueueState.OK, ready=9), 22.0)

    departures.skip(20.0, 110.0)  # The round that failed had read this queue.

    assert departures.movement("q", 110.0) == Movement(still_s=0, is_certain=True, unchanged_s=0)
