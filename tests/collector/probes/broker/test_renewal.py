"""Polls find the moment in which RabbitMQ renews its counters, and follow it."""

from collections.abc import Callable

import pytest

from collector.probes.broker.renewal import LATE_S, REPEATS, Renewal

INTERVAL_S = 5.0
WORK_S = 0.012
"""A poll's own time."""


def polled(
    published: Callable[[float], float], *, phase_s: float, period_s: float = INTERVAL_S, for_s: float = 300.0
) -> tuple[list[tuple[float, float]], int]:
    """How late each poll's counts were, and may be as told; and how many requests that took."""
    renewal, now_s, lates, requests = Renewal(INTERVAL_S), 0.0, [], 0
    while now_s < for_s:
        renewed_s = phase_s + (now_s - phase_s) // period_s * period_s
        requests += 1
        if not renewal.is_due(int(published(max(0.0, renewed_s)))):
            lates.append((now_s - renewed_s, renewal.late_s))
        now_s += renewal.pause_s + WORK_S
    return lates, requests


@pytest.mark.parametrize("phase_s", [0.1, 1.3, 2.5, 4.9])
@pytest.mark.parametrize("period_s", [4.99, 5.0, 5.007])
def test_in_traffic_counts_are_soon_young_and_are_never_older_than_told(phase_s: float, period_s: float) -> None:
    lates, requests = polled(lambda at_s: 7 * at_s, phase_s=phase_s, period_s=period_s)

    assert all(late_s <= told_s for late_s, told_s in lates)
    assert max(told_s for _, told_s in lates[10:]) < 1
    assert requests < 1.15 * 300 / INTERVAL_S


def test_without_traffic_nothing_is_asked_for_more_often() -> None:
    lates, requests = polled(lambda at_s: 0, phase_s=2.0)

    assert requests == len(lates) == 60
    assert {told_s for _, told_s in lates} == {LATE_S}


def test_a_poll_is_repeated_a_few_times_when_the_traffic_ends_and_no_more() -> None:
    flowing, _ = polled(lambda at_s: 7 * at_s, phase_s=2.0, for_s=100.0)
    ended, requests = polled(lambda at_s: 7 * min(at_s, 100.0), phase_s=2.0)

    assert requests - len(ended) <= len(flowing) + REPEATS
    assert ended[-1][1] == LATE_S


def test_counters_that_are_renewed_more_often_are_told_to_be_older_than_they_are() -> None:
    lates, _ = polled(lambda at_s: 7 * at_s, phase_s=0.3, period_s=1.0)

    assert all(late_s <= told_s for late_s, told_s in lates)
