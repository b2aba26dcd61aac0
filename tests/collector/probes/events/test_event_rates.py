"""Rates of the last minute and quantiles of the last five, by slices of time."""

import random
import statistics

import pytest

from collector.probes.events.rates import Durations, Rate


def test_a_rate_counts_the_last_minute_and_forgets_what_is_older():
    rate = Rate()
    for second in range(1000, 1300):
        rate.add(second, 2)

    assert rate.per_min(1300.0, since_s=0) == 120
    assert rate.per_min(1345.0, since_s=0) == 36.9
    assert rate.per_min(1400.0, since_s=0) == 0


def test_a_burst_counts_as_many_as_it_had():
    rate = Rate()
    rate.add(1000, 150)

    assert rate.per_min(1060.0, since_s=0) == 150


def test_a_rate_is_unknown_until_listening_has_lasted_a_while_and_then_one_over_that_while():
    rate = Rate()
    rate.add(1001, 5)

    assert rate.per_min(1009.0, since_s=1000) is None
    assert rate.per_min(1015.0, since_s=1000) == 20


def test_quantiles_are_those_of_the_times_within_half_a_bucket():
    times = [random.Random(7).lognormvariate(0, 2) for _ in range(5000)]
    durations = Durations()
    for each in times:
        durations.add(1000, each)

    cuts = statistics.quantiles(times, n=100)
    assert durations.quantiles(1000, (0.5, 0.95)) == [
        pytest.approx(cuts[49], rel=0.06),
        pytest.approx(cuts[94], rel=0.06),
    ]


def test_times_older_than_five_minutes_do_not_count():
    durations = Durations()
    durations.add(1000, 100.0)
    durations.add(1290, 1.0)

    assert durations.quantiles(1290, (1.0,)) == [pytest.approx(100, rel=0.05)]
    assert durations.quantiles(1330, (1.0,)) == [pytest.approx(1, rel=0.05)]
    assert durations.quantiles(2000, (0.5,)) == [None]


@pytest.mark.parametrize("duration_s", [-5.0, 0.0, 1e-9, 1e300])
def test_any_time_finds_a_bucket(duration_s):
    durations = Durations()
    durations.add(1000, duration_s)

    [quantile] = durations.quantiles(1000, (0.5,))
    assert 0 < quantile < 2e5
