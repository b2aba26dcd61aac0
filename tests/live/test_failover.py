"""Several addresses of one watched broker, as in Celery's own setting: if the first is away, the next one is read."""

import time
from uuid import uuid4

import amqp
import pytest
from kombu import Connection

from collector.probes.broker import queues
from collector.probes.broker.broker import read_broker
from collector.probes.broker.broker_connection import open_amqp
from collector.probes.broker.departures import Departures
from collector.probes.broker.failover import Failover, open_first
from collector.probes.broker.queue_reader import AmqpReader
from collector.probes.broker.queues import QueueWatch
from store.samples.model import Check, QueueState, Status
from tests.services import RabbitServer, RedisServer, free_port, wait_until

pytestmark = pytest.mark.live


def plain(check: Check) -> Check:
    return Check(status=check.status, reason=check.reason)


ANOTHER = Check(status=Status.DEGRADED, reason="failover")


def test_the_next_address_is_read_while_the_preferred_one_is_away_and_given_up_when_it_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("collector.probes.broker.failover.RETURN_S", 0.2)
    with RedisServer() as first, RedisServer() as second:
        watch = QueueWatch(f"{first.url};{second.url}", ["dispatch"], read_interval_s=0.02)
        watch.start()
        try:
            wait_until(lambda: read_broker(watch.take()).status is Status.ONLINE, 5)
            first.kill9()
            wait_until(lambda: plain(read_broker(watch.take())) == ANOTHER, 5)
            second.kill9()
            wait_until(lambda: plain(read_broker(watch.take())) == Check(status=Status.OFFLINE, reason="refused"), 5)
            second.start()
            wait_until(lambda: plain(read_broker(watch.take())) == ANOTHER, 5)
            first.start()
            wait_until(lambda: read_broker(watch.take()).status is Status.ONLINE, 5)
        finally:
            watch.stop()


def test_rabbitmqs_next_address_is_read_if_nothing_listens_at_the_first(rabbitmq_server: RabbitServer) -> None:
    def open_reader(url: str) -> AmqpReader:
        return AmqpReader(open_amqp(url, timeout_s=2), Departures(is_certain=False))

    failover = Failover(f"amqp://nobody:x@127.0.0.1:{free_port()}//;{rabbitmq_server.url}", open_reader, longest_s=2)

    reader = failover.open()

    assert reader.read("absent").state is QueueState.MISSING
    assert failover.address_index == 1
    assert failover.reopen(reader) is reader
    reader.close()


def test_if_no_address_accepts_us_the_preferred_ones_error_is_raised(rabbitmq_server: RabbitServer) -> None:
    denied = rabbitmq_server.url.replace(rabbitmq_server.password, "wrong")

    with pytest.raises(amqp.AccessRefused):
        open_first(f"{denied};amqp://nobody:x@127.0.0.1:{free_port()}//", lambda url: open_amqp(url, timeout_s=2))


def test_failed_attempts_at_the_preferred_address_hide_no_standstill_at_the_next(
    rabbitmq_server: RabbitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"queue-{uuid4().hex}"
    tried: list[str] = []

    def note_and_open(url: str, *, timeout_s: float) -> Connection:
        tried.append(url)
        return open_amqp(url, timeout_s=timeout_s)

    monkeypatch.setattr("collector.probes.broker.failover.RETURN_S", 0.05)
    monkeypatch.setattr(queues, "open_amqp", note_and_open)
    with amqp.Connection(f"127.0.0.1:{rabbitmq_server.port}", "monitor", rabbitmq_server.password) as connection:
        channel = connection.channel()
        channel.queue_declare(name, auto_delete=False)
        channel.basic_publish(amqp.Message("x"), routing_key=name)
    watch = QueueWatch(f"amqp://nobody:x@127.0.0.1:{free_port()}//;{rabbitmq_server.url}", [name], read_interval_s=0.02)

    def still_s() -> float | None:
        movement = watch.take().movements.get(name)
        return movement and movement.still_s

    watch.start()
    try:
        wait_until(lambda: still_s() is not None, 5, "the message is seen")
        seen_at_s, tried_before = time.monotonic(), len(tried)
        wait_until(lambda: len(tried) >= tried_before + 3, 5, "the preferred address is tried again")
        since_then_s = time.monotonic() - seen_at_s
        told_s = still_s()
    finally:
        watch.stop()

    assert told_s is not None
    assert told_s >= since_then_s


def test_a_preferred_address_that_denies_access_is_tried_less_and_less_often(
    rabbitmq_server: RabbitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collector.probes.broker.failover.RETURN_S", 0.01)
    denied, tried = rabbitmq_server.url.replace(rabbitmq_server.password, "wrong"), []

    def open_reader(url: str) -> AmqpReader:
        tried.append(url)
        return AmqpReader(open_amqp(url, timeout_s=2), Departures(is_certain=False))

    failover = Failover(f"{denied};{rabbitmq_server.url}", open_reader, longest_s=2)
    reader = failover.open()
    wait_until(lambda: failover.reopen(reader) is reader and tried.count(denied) == 4, what="it was tried thrice more")
    reader.close()

    assert failover._denied.next_s() == 0.08


def test_an_address_that_does_not_close_well_does_not_keep_the_preferred_one_from_being_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Reader:
        def drop(self) -> None:
            raise OSError

    readers = [Reader(), Reader()]
    lets_in = False

    def open_reader(url: str) -> Reader:
        if url == "amqp://a" and not lets_in:
            raise ConnectionRefusedError
        return readers[url == "amqp://b"]

    monkeypatch.setattr("collector.probes.broker.failover.RETURN_S", 0.0)
    failover = Failover("amqp://a;amqp://b", open_reader, longest_s=2)
    other = failover.open()
    lets_in = True

    assert failover.reopen(other) is readers[0]
    assert failover.address_index == 0
