"""Publishes events in Celery's own form, as many as are wanted: workers with processes, and one that sends tasks.

    python -m bench.programs.event_stream amqp://… --tasks-per-s 2000 --seconds 60

A test compares the form with that of real workers.
"""

import argparse
import base64
import json
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import amqp
import redis

EXCHANGE = "celeryev"
BATCH = 6
"""Events of one message: what a worker with processes gathers at some hundred tasks a second."""

Message = tuple[str, Any]
"""Routing key and body, which is one event or several."""


class Stream:
    """The events, second by second."""

    def __init__(self, *, workers: int, names: int) -> None:
        self._names = [f"app.tasks.task_{number:02}" for number in range(names)]
        self._workers = [f"celery@worker-{number:02}" for number in range(workers)]
        self._processed = dict.fromkeys(self._workers, 0)
        self._waiting: dict[str, deque[dict[str, Any]]] = {worker: deque() for worker in self._workers}
        self._number = 0
        self._clock = 0

    def second(self, second: int, *, tasks: int) -> Iterator[Message]:
        """One second's messages; every second of them has heartbeats."""
        for _ in range(tasks):
            yield from self._task()
        for worker in self._workers:
            yield from self._flush(worker, least=1)
            if second % 2 == 0:
                yield (
                    "worker.heartbeat",
                    self._event(
                        "worker-heartbeat",
                        worker,
                        freq=2.0,
                        active=0,
                        processed=self._processed[worker],
                        loadavg=[0.5, 0.5, 0.5],
                        sw_ident="py-celery",
                        sw_ver="5.7.0",
                        sw_sys="Linux",
                    ),
                )

    def on_redis(self, message: Message, *, database: int) -> tuple[str, str]:
        """Channel and text of a message in kombu's form."""
        route, body = message
        envelope = {
            "body": base64.b64encode(json.dumps(body).encode()).decode(),
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": {"hostname": "celery@worker-00"},
            "properties": {
                "delivery_mode": 1,
                "delivery_info": {"exchange": EXCHANGE, "routing_key": route},
                "priority": 0,
                "body_encoding": "base64",
                "delivery_tag": str(uuid4()),
            },
        }
        return f"/{database}.{EXCHANGE}/{route}", json.dumps(envelope)

    def _task(self) -> Iterator[Message]:
        number, self._number = self._number, self._number + 1
        uuid, name = str(uuid4()), self._names[number % len(self._names)]
        worker = self._workers[number % len(self._workers)]
        about = {
            "root_id": uuid,
            "parent_id": None,
            "name": name,
            "args": f"({number}, True)",
            "kwargs": "{}",
            "retries": 0,
            "eta": None,
            "expires": None,
        }
        sent = {"queue": "dispatch", "exchange": "", "routing_key": "dispatch"}
        yield "task.sent", self._event("task-sent", "gen4711@sender", uuid=uuid, **about, **sent)
        self._processed[worker] += 1
        self._waiting[worker] += [
            self._event("task-received", worker, uuid=uuid, **about),
            self._event("task-started", worker, uuid=uuid),
            self._event("task-succeeded", worker, uuid=uuid, result="None", runtime=0.013 + number % 100 / 1000),
        ]
        yield from self._flush(worker, least=BATCH)

    def _flush(self, worker: str, *, least: int) -> Iterator[Message]:
        waiting = self._waiting[worker]
        if len(waiting) >= least:
            yield "task.multi", list(waiting)
            waiting.clear()

    def _event(self, kind: str, hostname: str, **fields: Any) -> dict[str, Any]:
        self._clock += 1
        return {
            "hostname": hostname,
            "utcoffset": 0.0,
            "pid": 4711,
            "clock": self._clock,
            **fields,
            "timestamp": time.time(),
            "type": kind,
        }


def main() -> int:
    """Publish, and print how many tasks were told of and how long that took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("broker_url")
    parser.add_argument("--tasks-per-s", type=int, default=2000)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--workers", type=int, default=10)
    parser.add_argument("--names", type=int, default=40)
    arguments = parser.parse_args()
    stream = Stream(workers=arguments.workers, names=arguments.names)
    publish, close = _publisher(arguments.broker_url, stream)
    began_s = time.monotonic()
    slices = 20
    for second in range(arguments.seconds):
        messages = stream.second(second, tasks=arguments.tasks_per_s)
        each = max(1, arguments.tasks_per_s * 3 // 2 // slices)
        for number, message in enumerate(messages):
            publish(message)
            if number % each == each - 1:
                _wait_until(began_s + second + (number + 1) / each / slices)
        _wait_until(began_s + second + 1)
    close()
    print(json.dumps({"tasks": arguments.tasks_per_s * arguments.seconds, "took_s": time.monotonic() - began_s}))
    return 0


def _wait_until(mono_s: float) -> None:
    time.sleep(max(0.0, mono_s - time.monotonic()))


def _publisher(broker_url: str, stream: Stream) -> tuple[Callable[[Message], Any], Callable[[], None]]:
    """What publishes a message, and what is to be called at the end: RabbitMQ may lose what is on its way otherwise."""
    parts = urlsplit(broker_url)
    if parts.scheme == "redis":
        client = redis.Redis.from_url(broker_url)
        database = int(parts.path[1:] or 0)
        return lambda message: client.publish(*stream.on_redis(message, database=database)), client.close
    connection = amqp.Connection(f"{parts.hostname}:{parts.port}", parts.username, parts.password)
    connection.connect()
    channel = connection.channel()
    channel.exchange_declare(EXCHANGE, "topic", durable=True, auto_delete=False)

    def publish(message: Message) -> None:
        route, body = message
        text = json.dumps(body)
        wrapped = amqp.Message(text, content_type="application/json", content_encoding="utf-8", delivery_mode=1)
        channel.basic_publish(wrapped, EXCHANGE, route)

    return publish, connection.close


if __name__ == "__main__":
    sys.exit(main())
