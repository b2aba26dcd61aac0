"""The queue watch on a real RabbitMQ: depth, consumers, peak, and what a queue hides or blocks."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import amqp
import pytest

from collector.probes.broker import queue_reader
from collector.probes.broker.management import ManagementWatch
from collector.probes.broker.reading import Reading
from store.samples.model import Queue, QueueState
from tests.queue_watch import await_queue, await_reading, publish, watching
from tests.services import RabbitServer, wait_until
from tests.toxics import Link

pytestmark = pytest.mark.live


@pytest.mark.parametrize("queue_type", ["classic", "quorum"])
def test_rabbitmq_tells_depth_and_consumers_of(
    queue_type: str, rabbitmq_server: RabbitServer, channel: amqp.Channel, name: str
) -> None:
    channel.queue_declare(name, durable=True, auto_delete=False, arguments={"x-queue-type": queue_type})
    publish(channel, name, 7)

    with watching(rabbitmq_server.url, name) as watch:
        unconsumed = await_queue(watch, lambda queue: queue.ready == 7)
        channel.basic_qos(0, 2, False)
        channel.basic_consume(name, callback=lambda message: None)
        consumed = await_queue(watch, lambda queue: queue.consumers == 1 and queue.ready == 5)

    assert unconsumed.state == QueueState.OK
    assert unconsumed.consumers == 0
    assert consumed.state == QueueState.OK


def test_an_idle_consumer_of_a_quorum_queue_is_counted(
    rabbitmq_server: RabbitServer, channel: amqp.Channel, name: str
) -> None:
    channel.queue_declare(name, durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"})
    channel.basic_consume(name, callback=lambda message: None)

    with watching(rabbitmq_server.url, name) as watch:
        queue = await_queue(watch, lambda queue: queue.consumers)

    assert (queue.ready, queue.consumers) == (0, 1)


def test_a_burst_that_has_drained_between_two_takes_shows_as_the_peak(
    rabbitmq_server: RabbitServer, channel: amqp.Channel, name: str
) -> None:
    channel.queue_declare(name, auto_delete=False)
    with watching(rabbitmq_server.url, name, read_interval_s=0.25) as watch:
        await_queue(watch, lambda queue: queue.ready == 0)
        publish(channel, name, 150)
        wait_until(lambda: watch._seen[name].ready == 150)
        channel.queue_purge(name)
        wait_until(lambda: watch._seen[name].ready == 0)

        burst, after = watch.take(), watch.take()

    assert (burst.queues[0].ready, burst.queues[0].peak) == (0, 150)
    assert (after.queues[0].ready, after.queues[0].peak) == (0, 0)


def test_a_queue_that_is_missing_is_found_once_declared_and_missing_again_once_deleted(
    rabbitmq_server: RabbitServer, channel: amqp.Channel, name: str
) -> None:
    with watching(rabbitmq_server.url, name) as watch:
        missing = await_reading(watch, lambda reading: reading.queues[0].state == QueueState.MISSING)
        channel.queue_declare(name, auto_delete=False)
        await_queue(watch, lambda queue: queue.ready == 0)
        channel.queue_delete(name)
        deleted = await_queue(watch, lambda queue: queue.state == QueueState.MISSING)

    assert missing.failure is None
    assert (missing.queues[0].ready, missing.queues[0].consumers) == (None, None)
    assert deleted.ready is None


def test_a_missing_queue_hides_no_other(rabbitmq_server: RabbitServer, channel: amqp.Channel, name: str) -> None:
    channel.queue_declare(name, auto_delete=False)
    publish(channel, name, 3)

    with watching(rabbitmq_server.url, f"{name}-absent", name) as watch:
        reading = await_reading(watch, lambda reading: reading.queues[1].ready == 3)

    assert [queue.state for queue in reading.queues] == [QueueState.MISSING, QueueState.OK]


def test_a_queue_that_belongs_to_another_connection_is_unknown_and_the_broker_is_not(
    rabbitmq_server: RabbitServer, channel: amqp.Channel, name: str
) -> None:
    channel.queue_declare(name, exclusive=True)

    with watching(rabbitmq_server.url, name) as watch:
        reading = await_reading(watch, lambda reading: reading.latency_ms is not None)

    assert reading.failure is None
    assert reading.queues == (Queue(name=name, state=QueueState.UNKNOWN),)


@contextmanager
def suspended(server: RabbitServer, name: str) -> Iterator[None]:
    """A queue whose process does not answer: a classic one blocks its declare, a quorum one seems without a leader."""
    code = (
        f'{{ok, Q}} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"/">>, queue, <<"{name}">>)), '
        "case amqqueue:get_pid(Q) of {Name, _} -> sys:%s(whereis(Name)); Pid -> sys:%s(Pid) end."
    )
    server.ctl("eval", code.replace("%s", "suspend"))
    try:
        yield
    finally:
        server.ctl("eval", code.replace("%s", "resume"))


def test_a_classic_queue_that_blocks_its_declare_hides_no_other_and_is_not_taken_for_a_broker_that_hangs(
    rabbitmq_server: RabbitServer, channel: amqp.Channel, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_reader, "BLOCKED_PAUSE_S", 0.5)
    channel.queue_declare(name, auto_delete=False)
    channel.queue_declare(f"{name}-other", auto_delete=False)
    publish(channel, name, 3)
    failures: set[str | None] = set()

    def note(reading: Reading) -> Reading:
        failures.add(reading.failure)
        return reading

    with watching(rabbitmq_server.url, name, f"{name}-other") as watch:
        await_reading(watch, lambda reading: [queue.ready for queue in reading.queues] == [3, 0])
        with suspended(rabbitmq_server, name):
            await_reading(watch, lambda reading: note(reading).queues[0].state == QueueState.UNKNOWN)
            publish(channel, f"{name}-other", 2)
            await_reading(watch, lambda reading: note(reading).queues[1].ready == 2)
        await_reading(watch, lambda reading: note(reading).queues[0].ready == 3)

    assert failures == {None}


def test_a_quorum_queue_without_a_leader_is_unknown_where_the_management_api_contradicts_its_zero(
    rabbitmq_server: RabbitServer, channel: amqp.Channel, name: str
) -> None:
    channel.queue_declare(name, durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"})
    publish(channel, name, 7)
    management = ManagementWatch(rabbitmq_server.management_url, rabbitmq_server.url, [name], interval_s=0.2)
    management.start()
    seen: set[tuple[int | None, int | None]] = set()

    def note(queue: Queue) -> Queue:
        seen.add((queue.ready, queue.peak))
        return queue

    with watching(rabbitmq_server.url, name, management=management) as watch:
        wait_until(lambda: (told := management.get()) and told.figures[name].ready == 7)
        await_queue(watch, lambda queue: queue.ready == 7)
        with suspended(rabbitmq_server, name):
            await_queue(watch, lambda queue: note(queue).state == QueueState.UNKNOWN)
            await_queue(watch, lambda queue: note(queue).peak is None)
        await_queue(watch, lambda queue: note(queue).ready == 7)
    management.stop()

    assert seen == {(7, 7), (None, 7), (None, None)}


def test_the_connection_is_kept_and_closed_politely(rabbitmq_server: RabbitServer, name: str) -> None:
    logged_before = len(rabbitmq_server.log.read_text())

    with watching(rabbitmq_server.url, name) as watch:
        await_reading(watch, lambda reading: reading.latency_ms is not None)

    def logged() -> str:
        return rabbitmq_server.log.read_text()[logged_before:]

    wait_until(lambda: re.search("closing AMQP connection .* zapvoice-monitor", logged()))
    assert not re.search("zapvoice-monitor.*\n.*client unexpectedly closed TCP connection", logged())


@pytest.mark.parametrize("spoil", ["password", "vhost"])
def test_a_wrong_rabbitmq_password_or_virtual_host_is_denied(spoil: str, rabbitmq_server: RabbitServer) -> None:
    url = rabbitmq_server.url
    url = url.replace(rabbitmq_server.password, "wrong") if spoil == "password" else url + "nowhere"

    with watching(url, "dispatch") as watch:
        assert await_reading(watch, lambda reading: reading.failure is not None).failure == "denied"


def test_without_a_discovered_queue_the_broker_is_still_checked(rabbitmq_server: RabbitServer) -> None:
    with Link(("127.0.0.1", rabbitmq_server.port)) as link:
        url = rabbitmq_server.url.replace(f":{rabbitmq_server.port}/", f":{link.port}/")
        with watching(url, "*") as watch:
            await_reading(watch, lambda reading: reading.failure is None and reading.latency_ms is not None)
            link.black_hole()
            hanging = await_reading(watch, lambda reading: reading.failure is not None)
            link.heal()
            back = await_reading(watch, lambda reading: reading.failure is None)

    assert hanging.failure == "timeout"
    assert back.queues == ()
