"""How long messages wait, told of a real RabbitMQ with production's intervals, against what really happened.

All queues are watched at the same time, so that the file takes half a minute.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import amqp
import pytest
from celery import Celery
from kombu import Queue as KombuQueue

from collector.probes.broker.management import ManagementWatch
from collector.probes.broker.queues import QueueWatch
from store.samples.model import Basis
from tests.services import RabbitServer
from tests.waiting_times import History, Run, Scenario, misses

pytestmark = [pytest.mark.live, pytest.mark.timeout(240)]

BURST, TWO_PRODUCERS, GIVEN_BACK, EXPIRING, PURGED = "burst", "two-producers", "given-back", "expiring", "purged"
QUEUES = (BURST, TWO_PRODUCERS, GIVEN_BACK, EXPIRING, PURGED)
EXPIRES_S = 6.0
ARGUMENTS = {EXPIRING: {"x-message-ttl": int(EXPIRES_S * 1000)}}
PACE_S = 0.2
HELD = 20
RUN_S = 30.0


class UsualRabbit(RabbitServer):
    """A RabbitMQ that renews its counters every 5 s, as by default."""

    more_configuration = (
        "collect_statistics_interval = 5000\nmanagement.sample_retention_policies.basic.minute = 5\n"
        "management.sample_retention_policies.detailed.minute = 5\n"
        "management.sample_retention_policies.global.minute = 5\n"
    )


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    with UsualRabbit() as server, ExitStack() as stack:
        app = Celery(broker=server.url, set_as_current=False)
        app.conf.task_queues = [
            KombuQueue(name, routing_key=name, queue_arguments=ARGUMENTS.get(name, {})) for name in QUEUES
        ]
        with app.connection_for_write() as connection:
            for queue in app.conf.task_queues:
                queue(connection.default_channel).declare()
        consumer = amqp.Connection(f"127.0.0.1:{server.port}", "monitor", server.password)
        consumer.connect()
        stack.callback(consumer.collect)
        scenario = Scenario(app, server.url, partial(watch_of, server, stack), (BURST, TWO_PRODUCERS), stack)
        scenario.start(lambda reading: all(queue.unacked is not None for queue in reading.queues))
        send, histories, recorder = scenario.publisher.send, scenario.histories, scenario.recorder

        recorder.at(3.0, lambda: send(BURST, 110, seconds=PACE_S))
        recorder.every(0.25, 1.0, 21.0, lambda: send(TWO_PRODUCERS, seconds=PACE_S))
        recorder.every(2.0, 1.5, 21.0, lambda: send(TWO_PRODUCERS, 6, seconds=PACE_S))
        for name in (GIVEN_BACK, EXPIRING, PURGED):
            recorder.every(0.25, 1.0, 21.0, partial(send, name))
        recorder.at(9.0, scenario.late.start)
        recorder.at(10.0, lambda: take(consumer, histories[GIVEN_BACK]))
        recorder.at(14.0, lambda: purge(server, histories[PURGED]))
        recorder.at(17.0, lambda: give_back(consumer, histories[GIVEN_BACK]))
        run = scenario.run(RUN_S)
        histories[EXPIRING].expire(EXPIRES_S)
        yield run


def watch_of(server: RabbitServer, stack: ExitStack) -> QueueWatch:
    """A watch of all queues with its management API."""
    management = ManagementWatch(server.management_url, server.url, QUEUES)
    management.start()
    stack.callback(management.stop)
    return QueueWatch(server.url, QUEUES, management=management)


def take(consumer: amqp.Connection, history: History) -> None:
    """A consumer that finishes nothing takes some."""
    channel = consumer.channel()
    channel.basic_qos(0, HELD, False)
    channel.basic_consume(GIVEN_BACK, callback=lambda message: None)
    history.left([time.monotonic()] * HELD)


def give_back(consumer: amqp.Connection, history: History) -> None:
    """It ends, and RabbitMQ puts back what it held."""
    consumer.collect()
    history.given_back(time.monotonic(), HELD)


def purge(server: RabbitServer, history: History) -> None:
    with amqp.Connection(f"127.0.0.1:{server.port}", "monitor", server.password) as connection:
        connection.channel().queue_purge(PURGED)
    history.left([time.monotonic()] * len(history.messages))


@pytest.mark.parametrize("name", QUEUES)
def test_the_wait_is_within_six_seconds_of_the_truth(name: str, run: Run) -> None:
    told = run.told(name)
    known = [queue for _, queue in told if queue.wait_s is not None and not queue.wait_is_bound]

    assert misses(told, run.histories[name]) == []
    assert known
    assert {queue.basis for queue in known} <= {Basis.MANAGEMENT, Basis.DEPTH}
    assert max(queue.wait_s or 0.0 for queue in known) > 4


@pytest.mark.parametrize("name", QUEUES)
def test_after_a_start_of_the_panel_nothing_is_told_to_be_older_than_it_is(name: str, run: Run) -> None:
    assert misses(run.told(name, watch=1), run.histories[name]) == []


def test_a_backlog_from_before_the_start_is_told_as_a_bound(run: Run) -> None:
    assert any(queue.wait_is_bound and (queue.wait_s or 0) > 5 for _, queue in run.told(BURST, watch=1))
