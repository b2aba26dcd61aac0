"""The queue watch on real brokers: what has failed, and the way back."""

import threading
import time

import pytest
import redis

from collector.probes.broker import queues
from collector.probes.broker.queue_reader import QueueReader
from collector.probes.broker.queues import QueueWatch
from store.samples.model import Queue, QueueState
from tests.process import PATIENCE_S
from tests.promises import Promise
from tests.queue_watch import await_queue, await_reading, watching
from tests.services import RedisServer, free_port, wait_until

pytestmark = pytest.mark.live


def test_a_redis_that_hangs_or_dies_is_noticed_within_three_ticks_and_seen_again_soon_after(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """As is RabbitMQ, in test_rabbitmq_outage.py."""
    with RedisServer() as server, watching(server.url, "dispatch") as watch:
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


def test_a_wrong_redis_password_is_denied(redis_server: RedisServer) -> None:
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


def test_an_outage_of_redis_does_not_count_as_a_standstill_of_its_workers(
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


def test_a_stop_of_the_watch_itself_does_not_count_as_a_standstill_of_the_workers(
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
        monkeypatch.setattr(watch, "_pause", stop)
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
