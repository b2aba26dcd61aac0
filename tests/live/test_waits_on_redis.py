"""How long messages wait, how fast they come and leave and how many are kept, told of a real Redis, against what
really happened. All queues are watched at the same time, so that the file takes half a minute.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import pytest
import redis
from celery import Celery

from collector.probes.broker.queues import QueueWatch
from store.samples.model import Basis, Reserved
from tests.queue_watch import await_reading, watching
from tests.services import RedisServer
from tests.waiting_times import History, PacedWorker, Publisher, Run, Scenario, misses

pytestmark = [pytest.mark.live, pytest.mark.timeout(240)]

BURST, TRICKLE, GIVEN_BACK, PURGED = "burst", "trickle", "given-back", "purged"
QUEUES = (BURST, TRICKLE, GIVEN_BACK, PURGED)
PACE_S = 0.2
HELD = 20
RUN_S = 25.0
SCHEDULED = 7


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    with RedisServer() as server, ExitStack() as stack:
        app = Celery(broker=server.url, set_as_current=False)
        client = stack.enter_context(redis.Redis.from_url(server.url))
        scenario = Scenario(app, server.url, partial(QueueWatch, server.url, QUEUES), (BURST, TRICKLE), stack)
        scenario.start(lambda reading: reading.latency_ms is not None)
        send, histories, recorder = scenario.publisher.send, scenario.histories, scenario.recorder

        recorder.at(2.0, lambda: send(BURST, 90, seconds=PACE_S))
        recorder.at(1.0, lambda: send(TRICKLE, 60, seconds=PACE_S))
        recorder.every(0.5, 1.5, 21.0, partial(send, TRICKLE, seconds=PACE_S))
        for name in (GIVEN_BACK, PURGED):
            recorder.every(0.25, 1.0, 18.0, partial(send, name))
        recorder.at(8.0, scenario.late.start)
        recorder.at(9.0, lambda: take(client, histories[GIVEN_BACK]))
        recorder.at(13.0, lambda: purge(client, histories[PURGED]))
        recorder.at(15.0, lambda: give_back(client, histories[GIVEN_BACK]))
        yield scenario.run(RUN_S)


def take(client: redis.Redis, history: History) -> None:
    """As a worker takes messages that it does not finish."""
    for _ in range(HELD):
        client.rpoplpush(GIVEN_BACK, "held")
    history.left([time.monotonic()] * HELD)


def give_back(client: redis.Redis, history: History) -> None:
    """As a worker gives them back when it ends: to where it took them from."""
    while message := client.lpop("held"):
        client.rpush(GIVEN_BACK, message)
    history.given_back(time.monotonic(), HELD)


def purge(client: redis.Redis, history: History) -> None:
    client.delete(PURGED)
    history.left([time.monotonic()] * len(history.messages))


@pytest.mark.parametrize("watch", [0, 1], ids=["from the beginning", "after a start"])
@pytest.mark.parametrize("name", QUEUES)
def test_what_is_told_is_close_to_the_truth_or_a_bound_below_it(name: str, watch: int, run: Run) -> None:
    told = run.told(name, watch)

    assert misses(told, run.histories[name]) == []
    assert {queue.basis for _, queue in told} <= {Basis.HEAD, None}
    assert max(queue.wait_s or 0.0 for _, queue in told) > 4


@pytest.mark.parametrize("name", QUEUES)
def test_of_a_queue_that_was_watched_while_it_was_empty_the_wait_is_a_value(name: str, run: Run) -> None:
    waiting = [queue for _, queue in run.told(name) if queue.ready]
    values = [queue for queue in waiting if queue.wait_s is not None and not queue.wait_is_bound]

    assert values  # How many depends on how often the machine lets the queue be looked at.


def test_while_messages_wait_the_pace_is_that_of_the_worker(run: Run) -> None:
    paces = [queue.out_per_s for _, queue in run.told(BURST) if queue.out_per_s is not None]
    starts = [message.spans[0][1] for message in run.histories[BURST].messages]
    mean_per_s = (len(starts) - 1) / (max(starts) - min(starts))

    assert mean_per_s / 2 < max(paces) < 2 / PACE_S


def test_messages_handed_out_and_scheduled_are_counted_with_the_oldest(redis_url: str) -> None:
    app = Celery(broker=redis_url, set_as_current=False)
    publisher = Publisher(app)
    with PacedWorker(redis_url, "dispatch"), watching(redis_url, "dispatch") as watch:
        none = await_reading(watch, lambda reading: reading.reserved is not None).reserved
        began_s = time.monotonic()
        publisher.send("dispatch", SCHEDULED, countdown=600)
        some = await_reading(watch, lambda reading: reading.reserved and reading.reserved.count == SCHEDULED)
        took_s = time.monotonic() - began_s

    assert none == Reserved(count=0, oldest_s=None, visibility_timeout_s=3600)
    assert some.queues[0].ready == 0
    assert some.reserved is not None
    assert some.reserved.oldest_s is not None
    assert 0 <= some.reserved.oldest_s <= took_s + 1
