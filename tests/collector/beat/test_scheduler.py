"""Beat's scheduler while the wall clock is set and the broker is away. Time is the test's."""

import logging
from datetime import UTC, datetime, timedelta

import pytest
from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import ConnectionError as RedisConnectionError

from collector.beat.scheduler import PunctualScheduler
from collector.beat.slots import Slots

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


class Bench(PunctualScheduler):
    """Counts what it sends, or cannot send it."""

    def __init__(self, clock=NOON):
        self.sent, self.expires = [], []
        self.is_broken = False
        self.sending_takes = timedelta()
        self.clock = clock
        app = Celery("bench", broker="memory://", set_as_current=False)
        app.now = lambda: self.clock
        options = {"queue": "ticks", "expires": 9}
        app.conf.beat_schedule = {"sample": {"task": "sample", "schedule": Slots(3), "options": options}}
        super().__init__(app, max_interval=3)

    def send_task(self, *arguments, producer, **options):
        if self.is_broken:
            raise OperationalError from RedisConnectionError("redis://:hunter2@host")
        super().send_task(*arguments, producer=producer, **options)
        message = producer.channel._get("ticks")
        self.expires.append(message["headers"]["expires"])
        self.sent.append(self.clock)
        self.clock += self.sending_takes

    def run_for(self, seconds):
        """What beat's loop does, with a clock that goes on only while it sleeps. Returns how often it sent."""
        before, end = len(self.sent), self.clock + timedelta(seconds=seconds)
        while self.clock < end:
            self.clock += timedelta(seconds=self.tick() or 0)
        return len(self.sent) - before


def test_a_tick_is_sent_every_three_seconds():
    assert Bench().run_for(30) == 10


@pytest.mark.parametrize("late_s", [0, 0.001, 1.5, 2.9])
def test_the_first_tick_is_sent_at_once_and_all_others_at_the_beginning_of_a_slot(late_s):
    started = NOON + timedelta(seconds=late_s)
    bench = Bench(started)
    bench.run_for(30)

    first, *others = bench.sent
    assert first == started
    assert others == [NOON + timedelta(seconds=3 * number) for number in range(1, len(others) + 1)]


def test_a_tick_that_has_waited_for_three_intervals_is_not_run():
    bench = Bench()
    bench.run_for(6)

    assert bench.expires == [(at + timedelta(seconds=9)).isoformat() for at in bench.sent]


def test_a_tick_whose_sending_takes_long_does_not_make_the_next_one_late():
    bench = Bench()
    bench.sending_takes = timedelta(seconds=0.6)
    bench.run_for(30)

    assert bench.sent == [NOON + timedelta(seconds=3 * number) for number in range(len(bench.sent))]


@pytest.mark.parametrize("step", [timedelta(hours=1), timedelta(hours=-1), timedelta(seconds=-5)])
def test_a_clock_that_was_set_neither_silences_beat_nor_makes_it_run_wild(step):
    bench = Bench()
    bench.run_for(10)

    bench.clock += step

    assert 9 <= bench.run_for(30) <= 12


def test_a_tick_that_cannot_be_sent_is_one_line_in_the_log_and_the_next_one_is_tried(caplog):
    bench = Bench()
    bench.is_broken = True
    with caplog.at_level(logging.WARNING):
        bench.run_for(9)
    bench.is_broken = False

    assert bench.run_for(9) == 3
    assert [record.getMessage() for record in caplog.records] == [
        "the tick of sample could not be sent: Redis: ConnectionError"
    ] * 3
    assert not any(record.exc_info for record in caplog.records)
