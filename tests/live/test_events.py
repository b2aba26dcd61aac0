"""The listener on a real RabbitMQ and a real Redis, with real Celery workers."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import amqp
import pytest
import redis

from bench.programs.event_stream import Stream
from collector.probes.events import failure_log
from collector.probes.events import listener as listening
from collector.probes.events.amqp_source import AmqpSource
from collector.probes.events.listener import EventListener
from collector.probes.events.message import Event, read_events
from collector.probes.events.redis_source import RedisSource
from collector.probes.events.source import Source
from collector.probes.events.tally import Tally
from settings.broker_options import BrokerOptions
from store.logs.log_store import LogStore
from store.samples.workload import Events
from tests.celery_application import Application
from tests.services import RabbitServer, RedisServer, wait_until

pytestmark = pytest.mark.live

QUEUE = "events-dispatch"
EXCHANGE = "celeryev"
WITH_EVENTS = {"worker_send_task_events": True, "task_send_sent_event": True}


@pytest.fixture(scope="module")
def own_redis() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="module", params=["RabbitMQ", "Redis"])
def broker_url(request: pytest.FixtureRequest, own_redis: RedisServer, rabbitmq_server: RabbitServer) -> str:
    return rabbitmq_server.url if request.param == "RabbitMQ" else own_redis.url_of(3)


def open_source(url: str, options: BrokerOptions | None = None, exchange: str = EXCHANGE) -> Source:
    if url.startswith("amqp"):
        return AmqpSource(url, exchange, timeout_s=3)
    return RedisSource(url, options or BrokerOptions(), exchange, timeout_s=3)


@contextmanager
def heard_at(url: str, options: BrokerOptions | None = None) -> Iterator[Callable[[], list[Event]]]:
    """All events that have come so far."""
    source, events = open_source(url, options), []

    def read() -> list[Event]:
        for message in source.read():
            read = read_events(message)
            assert read is not None
            events.extend(read)
        return events

    try:
        yield read
    finally:
        source.drop()


@contextmanager
def listening_at(url: str, exchange: str = EXCHANGE) -> Iterator[EventListener]:
    listener = EventListener(url, BrokerOptions(), exchange=exchange)
    listener.start()
    try:
        yield listener
    finally:
        listener.stop()


@pytest.fixture(scope="module")
def recorded(broker_url: str) -> list[Event]:
    """What a worker with processes and its sender tell of some tasks, from its start to its end."""
    with Application(broker_url, QUEUE, WITH_EVENTS, pool="prefork") as worker, heard_at(broker_url) as read:
        wait_until(lambda: any(event["type"] == "worker-heartbeat" for event in read()), what="a heartbeat")
        worker.run("[a.send.delay() for _ in range(5)]; a.fail.delay('no'); a.fail.delay('no'); a.again.delay()")
        wait_until(lambda: kinds(read())["task-succeeded"] == 6 and kinds(read())["task-failed"] == 2, what="ends")
        seen = len([event for event in read() if event["type"] == "worker-heartbeat"])
        wait_until(lambda: kinds(read())["worker-heartbeat"] > seen, what="a heartbeat after them")
        return read()


def kinds(events: list[Event]) -> Counter[str]:
    return Counter(event["type"] for event in events)


def test_what_real_workers_tell_is_counted_task_by_task(recorded: list[Event]) -> None:
    tally = Tally(0.0)
    unreadable = [tally.take([event], 100.0, event["timestamp"]) for event in recorded]
    assert sum(unreadable) == 0

    heard = tally.heard(160.0)
    counts = {
        name: (task.started_per_min, task.succeeded_per_min, task.failed_per_min, task.retried_per_min)
        for name, task in heard.tasks.items()
    }
    assert counts == {"send": (5, 5, 0, 0), "fail": (2, 0, 2, 0), "again": (2, 1, 0, 1)}
    assert heard.tasks["fail"].failed_kind == "ValueError"
    assert heard.tasks["send"].runtime_p95_s is not None
    assert heard.tasks["send"].wait_p95_s is not None
    assert (heard.events, heard.lost) == (Events.ON, 0)
    [pulse] = tally.pulses(160.0).values()
    assert (pulse.processed, pulse.active, pulse.skew_s) == (9, 0, None)


def test_the_benchs_stream_has_the_form_of_real_events(recorded: list[Event]) -> None:
    made = [event for messages in Stream(workers=1, names=1).second(0, tasks=20) for _, event in flat(messages)]

    for kind in ("worker-heartbeat", "task-sent", "task-received", "task-started", "task-succeeded"):
        real = next(event for event in recorded if event["type"] == kind)
        ours = next(event for event in made if event["type"] == kind)
        assert {name: type(value) for name, value in ours.items()} == {
            name: type(value) for name, value in real.items()
        }


def flat(message: tuple[str, Any]) -> list[tuple[str, Event]]:
    route, body = message
    return [(route, event) for event in (body if isinstance(body, list) else [body])]


def test_a_worker_without_task_events_is_heard_by_its_heartbeats_and_logs_nothing(broker_url: str) -> None:
    with Application(broker_url, QUEUE) as worker, listening_at(broker_url) as listener:
        wait_until(listener.pulses, what="a pulse")
        worker.run("a.send.delay(); a.send.delay()")
        wait_until(lambda: any(pulse.processed == 2 for pulse in listener.pulses().values()), what="two tasks")

        assert listener.heard().events is Events.UNKNOWN
        assert listener.reason() is None
        assert worker.trouble() == []


def test_every_spelling_of_the_channel_on_redis_is_heard(own_redis: RedisServer) -> None:
    url = own_redis.url_of(5)
    for options in (
        {"fanout_patterns": False},
        {"global_keyprefix": "zap*:", "fanout_prefix": "/zap-{db}."},
        {"fanout_prefix": False},
    ):
        read_options = BrokerOptions(**{name: options[name] for name in options if name != "fanout_patterns"})  # type: ignore[arg-type]
        with (
            Application(url, QUEUE, {"broker_transport_options": options}),
            heard_at(url, read_options) as read,
        ):
            wait_until(lambda read=read: kinds(read())["worker-heartbeat"], what=f"a heartbeat with {options}")


def test_events_in_another_form_than_json_are_not_read_and_that_is_told(own_redis: RedisServer) -> None:
    url = own_redis.url_of(6)
    with Application(url, QUEUE, {"event_serializer": "yaml"}), listening_at(url) as listener:
        wait_until(lambda: listener.reason() == "unreadable", what="unreadable events")

        assert listener.pulses() == {}


def test_the_exchange_is_the_applications_and_is_waited_for(rabbitmq_server: RabbitServer) -> None:
    exchange = f"events-{uuid4().hex}"
    with listening_at(rabbitmq_server.url, exchange) as listener, amqp_channel(rabbitmq_server) as channel:
        wait_until(lambda: listener.reason() == "missing", what="the exchange is missing")
        with Application(rabbitmq_server.url, QUEUE, {"event_exchange": exchange}):
            wait_until(listener.pulses, what="a pulse")
        channel.exchange_delete(exchange)


@contextmanager
def amqp_channel(server: RabbitServer) -> Iterator[Any]:
    with amqp.Connection(f"127.0.0.1:{server.port}", "monitor", server.password) as connection:
        yield connection.channel()


def test_after_a_crash_of_the_broker_events_are_heard_again_and_the_queue_is_gone(broker_kind: str) -> None:
    server = RabbitServer() if broker_kind == "RabbitMQ" else RedisServer()
    with server, Application(server.url, QUEUE), listening_at(server.url) as listener:
        wait_until(listener.pulses, what="a pulse")
        server.kill9()
        wait_until(lambda: listener.reason() == "unreachable", what="the broker is away")
        assert listener.listening_since_mono_s is None
        server.start()
        wait_until(lambda: listener.reason() is None, what="it listens again")
        began = listener.listening_since_mono_s
        wait_until(lambda: any(pulse.at_mono_s > (began or 0) for pulse in listener.pulses().values()), what="a pulse")


@pytest.fixture(params=["RabbitMQ", "Redis"])
def broker_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_reader_that_redis_cuts_off_listens_again_and_knows_that_events_are_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with RedisServer() as server, redis.Redis.from_url(server.url) as client:
        client.config_set("client-output-buffer-limit", "pubsub 200000 200000 1")
        monkeypatch.setattr(listening, "PAUSE_S", 0.05)
        monkeypatch.setattr(listening, "IDLE_PAUSE_S", 0.05)
        stream = Stream(workers=1, names=1)
        with listening_at(server.url) as listener:
            wait_until(lambda: listener.reason() is None, what="it listens")

            def publish(second: int, tasks: int) -> None:
                for message in stream.second(second, tasks=tasks):
                    client.publish(*stream.on_redis(message, database=0))

            for second in range(3):
                publish(second, 20)
            wait_until(lambda: listener.heard().events is Events.ON, what="events")
            before = subscribers(client)
            with listener._lock:  # The listener stands still, as in a process that is starved.
                for second in range(3, 8):
                    publish(second, 3000)
            wait_until(lambda: subscribers(client) not in ([], before), what="it is cut off and listens again")
            for second in (8, 10):
                publish(second, 0)  # The heartbeats of a worker that is idle now.
            wait_until(lambda: listener.heard().lost > 0, what="a loss is known")
            assert listener.reason() is None


def subscribers(client: redis.Redis) -> list[str]:
    return [str(each["id"]) for each in client.client_list(_type="pubsub")]


def test_a_broker_that_refuses_the_panel_is_asked_ever_more_seldom(
    own_redis: RedisServer, rabbitmq_server: RabbitServer
) -> None:
    with redis.Redis.from_url(own_redis.url) as client:
        client.acl_setuser("no-events", enabled=True, passwords=["+secret"], keys=["*"], commands=["+@all"])
    rabbitmq_server.ctl("add_user", "no-events", "secret")
    rabbitmq_server.ctl("set_permissions", "no-events", ".*", ".*", "^dispatch$")
    with amqp_channel(rabbitmq_server) as channel:
        channel.exchange_declare(EXCHANGE, "topic", durable=True, auto_delete=False)
    for scheme, port in (("redis", own_redis.port), ("amqp", rabbitmq_server.port)):
        with listening_at(f"{scheme}://no-events:secret@127.0.0.1:{port}/") as listener:
            wait_until(lambda listener=listener: listener.reason() == "denied", what=f"{scheme} refuses")
            assert listener.listening_since_mono_s is None


def test_a_failed_task_of_a_real_worker_is_among_the_logs(
    own_redis: RedisServer, client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failure_log, "HELD_S", 0.1)
    url, store = own_redis.url_of(7), LogStore(client)
    with Application(url, QUEUE, WITH_EVENTS) as worker, listening_at(url) as listener:
        wait_until(lambda: listener.reason() is None, what="it listens")
        worker.run("a.fail.delay('the password=secret-7 of maria@example.org is wrong')")
        logs = failure_log.FailureLog(store, listener, host="host-1")
        wait_until(lambda: logs.write() or store.recent().groups, what="a log")  # type: ignore[func-returns-value]
        [group] = store.recent().groups

    assert (group["task"], group["host"], group["logger"]) == ("fail", "host-1", "celery.events")
    assert group["service"].endswith("@test")
    assert group["message"].startswith("ValueError(")
    assert "in fail" in group["traceback"]
    assert "secret-7" not in str(group)
    assert "maria" not in str(group)
