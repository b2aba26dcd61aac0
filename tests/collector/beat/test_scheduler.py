"""Beat's scheduler while the wall clock is set and the broker is away. Time is the test's."""

import json
import logging
from datetime import UTC, datetime, timedelta

import pytest
from celery import Celery

from collector.beat.message import Tick
from collector.beat.scheduler import PunctualScheduler
from collector.beat.slots import Slots
from store.errors import StoreUnavailable

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

    def send(self, queue, message):
        assert queue == "ticks"
        if self.is_broken:
            raise StoreUnavailable("Redis: ConnectionError")
        self.expires.append(json.loads(message)["headers"]["expires"])
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


def test_a_message_is_what_celery_itself_sends_but_for_its_ids_and_for_a_result_that_nobody_reads():
    app = Celery("bench", broker="memory://", set_as_current=False)
    with app.connection() as connection, connection.channel() as channel:
        producer = app.amqp.Producer(channel)
        app.send_task("sample", queue="ticks", expires=9, ignore_result=True, producer=producer)
        sent = channel._get("ticks")

    message = json.loads(Tick(app, "sample", "ticks", expires_s=9).message(NOON))

    # For brokers that expire messages, where a worker goes by the header; and where the result would be wanted.
    del sent["properties"]["expiration"], sent["properties"]["reply_to"], message["properties"]["reply_to"]
    assert without_ids(message) == without_ids(sent)


def without_ids(message):
    """What is the same in every message; all that may stand for an id is one and the same text."""
    ids = {message["headers"]["id"], message["headers"]["root_id"], message["properties"]["correlation_id"]}
    assert len(ids) == 1
    text = json.dumps(message, sort_keys=True)
    for varying in (*ids, message["properties"]["delivery_tag"], message["headers"]["expires"]):
        text = text.replace(varying, "-")
    return json.loads(text)


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
