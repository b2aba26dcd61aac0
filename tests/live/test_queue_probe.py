"""The queue watch against real brokers: depth, peak, what is missing, what has failed, and the way back."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import amqp
import pytest
import redis

from collector.probes.broker import queue_reader, queues
from collector.probes.broker.management import ManagementWatch
from collector.probes.broker.queue_reader import QueueReader
from collector.probes.broker.queues import QueueWatch
from collector.probes.broker.reading import Reading
from store.samples.model import Queue, QueueState
from tests.process import PATIENCE_S
from tests.promises import Promise
from tests.queue_watch import await_queue, await_reading, watching
from tests.services import RabbitServer, RedisServer, free_port, wait_until
from tests.toxics import Link

pytestmark = pytest.mark.live


def publish(channel: amqp.Channel, name: str, count: int) -> None:
    for _ in range(count):
        channel.basic_publish_confirm(amqp.Message("x"), routing_key=name)


@pytest.fixture
def channel(rabbitmq_server: RabbitServer) -> Iterator[amqp.Channel]:
    with amqp.Connection(
        f"127.0.0.1:{rabbitmq_server.port}", "monitor", rabbitmq_server.password, confirm_publish=True
    ) as connection:
        yield connection.channel()


@pytest.fixture
def name() -> str:
    return f"queue-{uuid4().hex}"


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


@pytest.mark.parametrize("make_server", [RedisServer, RabbitServer])
def test_a_broker_that_hangs_or_dies_is_noticed_within_three_ticks_and_seen_again_soon_after(
    make_server: type[RedisServer | RabbitServer], caplog: pytest.LogCaptureFixture
) -> None:
    with make_server() as server, watching(server.url, "dispatch") as watch:
        await_reading(watch, lambda reading: reading.queues[0].state == QueueState.MISSING)

        server.pause()
        with Promise.FAULT_SHOWS.kept():
            hanging = await_reading(watch, lambda reading: reading.failure is not None)
        server.resume()
        await_reading(watch, lambda reading: reading.failure is None)

        server.kill9()
        with Promise.FAULT_SHOWS.kept():
            dead = await_reading(watch, lambda reading: reading.failure is not None)
        server.start()
        back = await_reading(watch, lambda reading: reading.failure is None)

    assert (hanging.failure, hanging.queues) == ("timeout", (Queue(name="dispatch", state=QueueState.UNKNOWN),))
    assert (dead.failure, dead.queues) == ("refused", (Queue(name="dispatch", state=QueueState.UNKNOWN),))
    assert back.latency_ms is not None
    assert server.password not in caplog.text
    assert str(server.port) not in caplog.text


def test_a_question_that_never_ends_reads_as_stuck_and_take_does_not_wait_for_it(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, released = threading.Event(), threading.Event()

    def never_open(*_: object, **__: object) -> None:
        asked.set()
        released.wait()
        raise ConnectionRefusedError

    monkeypatch.setattr(queues, "RedisConnection", never_open)
    monkeypatch.setattr(queues, "OVERDUE_S", 0.0)
    with watching(redis_url, "dispatch") as watch:
        assert asked.wait(PATIENCE_S)
        watch._seen["dispatch"] = Queue(name="dispatch", state=QueueState.OK, ready=5, peak=9)
        watch._failover.longest_s = 0.0

        reading = watch.take()
        released.set()

    assert reading.failure == "stuck"
    assert reading.queues == (Queue(name="dispatch", state=QueueState.UNKNOWN, peak=9),)


@pytest.mark.parametrize("spoil", ["password", "vhost"])
def test_rabbitmq_that_lets_nobody_in_is_denied(spoil: str, rabbitmq_server: RabbitServer) -> None:
    url = rabbitmq_server.url
    url = url.replace(rabbitmq_server.password, "wrong") if spoil == "password" else url + "nowhere"

    with watching(url, "dispatch") as watch:
        assert await_reading(watch, lambda reading: reading.failure is not None).failure == "denied"


def test_redis_that_lets_nobody_in_is_denied(redis_server: RedisServer) -> None:
    with watching(redis_server.url.replace(redis_server.password, "wrong"), "dispatch") as watch:
        assert await_reading(watch, lambda reading: reading.failure is not None).failure == "denied"


@pytest.mark.parametrize("scheme", ["amqp", "redis"])
def test_nobody_listening_is_refused(scheme: str) -> None:
    with watching(f"{scheme}://127.0.0.1:{free_port()}/0", "dispatch") as watch:
        assert await_reading(watch, lambda reading: reading.failure is not None).failure == "refused"


def test_redis_is_reached_by_its_unix_socket(redis_server: RedisServer) -> None:
    with watching(redis_server.unix_url, "never-used") as watch:
        assert await_queue(watch, lambda queue: queue.state == QueueState.MISSING)
    with watching(redis_server.unix_url.replace(f":{redis_server.password}@", ""), "never-used") as nobody:
        assert await_reading(nobody, lambda reading: reading.failure is not None).failure == "denied"


def test_starting_and_stopping_twice_is_harmless(redis_url: str) -> None:
    watch = QueueWatch(redis_url, ["dispatch"])

    watch.start()
    watch.start()
    await_reading(watch, lambda reading: reading.latency_ms is not None)
    watch.stop()
    watch.stop()
    watch.start()
    watch.stop()


def test_the_time_in_which_redis_was_away_is_not_held_against_its_workers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queues, "HEAD_PAUSE_S", 0.0)
    monkeypatch.setattr(queues, "BACKOFF_CAP_S", 0.1)
    with RedisServer() as server, watching(server.url, "dispatch") as watch:
        began_s = time.monotonic()
        with redis.Redis.from_url(server.url) as client:
            client.lpush("dispatch", "message")
        await_queue(watch, lambda queue: queue.ready == 1)
        seen_s = time.monotonic() - began_s
        server.pause()
        await_reading(watch, lambda reading: reading.failure is not None)
        away_at_s = time.monotonic()
        wait_until(lambda: time.monotonic() - away_at_s > 1 + 2 * seen_s, what="it is away for longer than was seen")
        away_s = time.monotonic() - away_at_s
        server.resume()
        back = await_reading(watch, lambda reading: reading.failure is None and reading.queues[0].ready == 1)
        at_most_s = time.monotonic() - began_s - away_s

    still_s = back.movements["dispatch"].still_s
    assert still_s is not None
    assert still_s <= at_most_s


def test_the_time_in_which_the_watch_itself_was_stopped_is_not_held_against_the_workers(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "HEAD_PAUSE_S", 0.0)
    monkeypatch.setattr(queues, "UNSEEN_S", 0.1)
    is_stopped, goes_on = threading.Event(), threading.Event()

    def stop() -> None:
        is_stopped.set()
        assert goes_on.wait(PATIENCE_S)

    began_s = time.monotonic()
    with redis.Redis.from_url(redis_url) as client, watching(redis_url, "dispatch") as watch:
        client.lpush("dispatch", "message")
        await_queue(watch, lambda queue: queue.ready == 1)
        monkeypatch.setattr(watch, "_rest", stop)
        assert is_stopped.wait(PATIENCE_S)
        stopped_at_s = time.monotonic()
        wait_until(lambda: time.monotonic() - stopped_at_s > 1 + stopped_at_s - began_s, what="it is long stopped")
        stopped_s = time.monotonic() - stopped_at_s
        goes_on.set()
        wait_until(lambda: watch._seen_until_s > stopped_at_s + stopped_s, what="it reads again")
        still_s = watch.take().movements["dispatch"].still_s
        at_most_s = time.monotonic() - began_s - stopped_s

    assert still_s is not None
    assert still_s <= at_most_s


def test_where_no_queue_is_discovered_the_broker_is_asked_all_the_same(rabbitmq_server: RabbitServer) -> None:
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


def test_one_denial_after_many_refusals_is_the_first_denial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "BACKOFF_CAP_S", 0.1)
    server = RedisServer()
    opened = 0

    with watching(server.url.replace(server.password, "wrong"), "dispatch") as watch:
        open_one = watch._failover.open

        def count_and_open() -> QueueReader:
            nonlocal opened
            opened += 1
            return open_one()

        watch._failover.open = count_and_open  # type: ignore[method-assign]
        wait_until(lambda: opened >= 12, what="nobody listens, time and again")
        with server:
            await_reading(watch, lambda reading: reading.failure == "denied")
            opened_by_then = opened
            wait_until(lambda: opened >= opened_by_then + 2, 5, "it is tried twice more")
