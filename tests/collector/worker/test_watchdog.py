"""A collector that is alive but takes no ticks ends itself; any other silence leaves it alone."""

import pytest

from collector.worker.watchdog import PATIENCE_CHECKS, Watchdog
from store.errors import StoreUnavailable


class Bench:
    def __init__(self, waiting=0, interval_s=3):
        self.now_s, self.waiting, self.barks = 0.0, waiting, 0
        self.dog = Watchdog(
            interval_s=interval_s, count_waiting=self.count, bark=self.bark, monotonic=lambda: self.now_s
        )

    def count(self):
        if self.waiting is None:
            raise StoreUnavailable("Redis: gone")
        return self.waiting

    def bark(self):
        self.barks += 1

    def pass_intervals(self, count):
        for _ in range(count):
            self.now_s += 3
            self.dog.check()


def test_ticks_that_wait_while_none_is_taken_end_the_process():
    bench = Bench(waiting=2)

    bench.pass_intervals(5 + PATIENCE_CHECKS - 1)
    assert bench.barks == 0
    bench.pass_intervals(1)

    assert bench.barks == 1


@pytest.mark.parametrize("waiting", [0, None])
def test_a_silent_beat_and_a_redis_that_is_away_do_not(waiting):
    bench = Bench(waiting)

    bench.pass_intervals(1000)

    assert bench.barks == 0


def test_a_process_that_was_paused_is_given_time_to_drain():
    bench = Bench(waiting=200)
    bench.now_s = 600.0
    bench.dog.check()
    bench.waiting = 0
    bench.dog.check()
    bench.waiting = 1
    bench.dog.feed()
    bench.pass_intervals(4)

    assert bench.barks == 0


def test_a_moment_without_ticks_is_no_stall_however_fast_they_come():
    bench = Bench(waiting=100, interval_s=0.03)

    for _ in range(100):
        bench.now_s += 0.03
        bench.dog.check()

    assert bench.barks == 0
