"""All that the panel sends to watched services, recorded on the wire, under exactly the rights of docs/operations.md.

The collector runs as in production, through an outage of the link, a crash of the broker and one of its own. Whatever
is not in the document's lists fails. `WATCH_MINUTES=5` goes on for so long: `make test-reads`.
"""

import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
import pytest
import redis

from store.samples.live import LiveStore, redis_client
from tests.celery_application import Application
from tests.recording import RecordingLink, amqp_methods, redis_commands
from tests.services import PostgresServer, RabbitServer, RedisServer, Service, wait_until
from tests.toxics import Link
from tests.web import ROOT

DOCUMENT = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
WATCH_S = 60 * float(os.environ.get("WATCH_MINUTES", "0"))
pytestmark = [pytest.mark.live, pytest.mark.timeout(240 + 2 * WATCH_S)]

QUEUE = "dispatch"
"""The queue named in the document's rights."""
USER = "zapvoice-monitor"
PASSWORD = "least-rights"


def rights(of: str) -> list[str]:
    """The lines of the document's block about one service."""
    section = DOCUMENT.split("\n## Least rights\n")[1].split("\n## ")[0]
    block = re.search(rf"^\*\*{of}[^\n]*\n(?:[^\n ][^\n]*\n)*\n((?:    [^\n]*\n)+)", section, flags=re.M)
    assert block, of
    return [line.strip().replace("SECRET", PASSWORD) for line in block[1].splitlines()]


class Collector(Service):
    """Beat and collector in one process, as in production."""

    program = sys.executable

    def __init__(self, store_url: str, **environ: str) -> None:
        super().__init__()
        self._store = LiveStore(redis_client(store_url))
        self._environ = {
            "REDIS_URL": store_url,
            "DATABASE_URL": f"sqlite:///{self.directory}/panel.sqlite3",
            "MONITOR_HOST": f"host-{self.port}",
            "WATCHED_QUEUES": QUEUE,
            "SAMPLE_INTERVAL_S": "0.5",
            "PYTHONPATH": str(ROOT),
            **environ,
        }

    @property
    def url(self) -> str:
        """None: it does not listen."""
        return ""

    def start(self) -> None:
        self._run([sys.executable, "-m", "collector", "worker", "--beat"], self._environ)

    def is_ready(self) -> bool:
        return bool(self.checks())

    def checks(self) -> dict[str, dict[str, object]]:
        """The newest sample's status, by service."""
        entry = self._store.newest_of(self._environ["MONITOR_HOST"])
        return json.loads(entry.sample)["checks"] if entry else {}

    def await_status(self, service: str, status: str) -> None:
        wait_until(lambda: self.checks()[service]["status"] == status, 30, f"{service} is {status}: {self.checks()}")


def watch_through_trouble(
    collector: Collector, link: Link, server: Service, worker: Service, questions: Callable[[], int]
) -> None:
    """Faults of a broker do not make the panel send anything else. `questions`: how many requests it has sent."""
    end_s = time.monotonic() + WATCH_S

    def await_question(before: int) -> None:
        collector.await_status("worker", "online")
        wait_until(lambda: questions() > before, 30, "the workers are asked")

    while True:
        await_question(0)
        link.down()
        collector.await_status("rabbitmq", "offline")
        link.heal()
        collector.await_status("rabbitmq", "online")
        before = questions()
        server.kill9()
        server.start()
        worker.kill9()
        worker.start()
        await_question(before)
        before = questions()
        collector.kill9()
        collector.start()
        await_question(before)
        if time.monotonic() >= end_s:
            return


def as_user(url: str, port: int) -> str:
    """The URL of the user with least rights, through the link."""
    parts = urlsplit(url)
    return parts._replace(netloc=f"{USER}:{PASSWORD}@127.0.0.1:{port}").geturl()


class RabbitWithRights(RabbitServer):
    """With the user of the document."""

    def start(self) -> None:
        is_new = not (self.directory / "data").exists()
        super().start()
        for line in rights("RabbitMQ") if is_new else ():
            program, *arguments = line.split()
            assert program == "rabbitmqctl"
            self.ctl(*(argument.strip("'") for argument in arguments))


def test_a_watched_rabbitmq_gets_the_methods_of_the_list_and_the_api_is_only_read(redis_url: str) -> None:
    with RabbitWithRights() as server, RecordingLink(("127.0.0.1", server.port)) as link:
        api = urlsplit(server.management_url)
        with (
            RecordingLink(("127.0.0.1", api.port or 0)) as api_link,
            Application(server.url, QUEUE) as worker,
            Collector(
                redis_url,
                WATCHED_BROKER_URL=as_user(server.url, link.port),
                RABBITMQ_MANAGEMENT_URL=as_user(server.management_url, api_link.port),
            ) as collector,
        ):
            watch_through_trouble(
                collector, link, server, worker, lambda: methods(link).count("basic.publish celery.pidbox")
            )
            assert worker.trouble() == []
            logged = log_of(server)
        sent = set(methods(link))
        requests = {line for stream in api_link.streams() for line in re.findall(rb"^[A-Z]+ /[^? ]*", stream, re.M)}

    listed = [as_pattern(line) for line in rights("AMQP methods")]
    assert [method for method in sent if not any(re.fullmatch(pattern, method) for pattern in listed)] == []
    assert f"queue.declare passive {QUEUE}" in sent
    assert "exchange.declare passive celeryev" in sent
    assert {request.split(b" ")[0] for request in requests} == {b"GET"}
    assert "access_refused" not in logged


def methods(link: RecordingLink) -> list[str]:
    return [method for stream in link.streams() for method in amqp_methods(stream)]


def as_pattern(line: str) -> str:
    return re.escape(line).replace("QUEUE", re.escape(QUEUE)).replace(r"\*", ".*")


def log_of(server: Service) -> str:
    return server.log.read_text(errors="replace")


class RedisWithRights(RedisServer):
    """With the document's user in its configuration, so that the user survives a crash as in production."""

    more_configuration = "".join(f"user {line.removeprefix('ACL SETUSER ')}\n" for line in rights("Redis"))


def test_a_watched_redis_gets_the_commands_of_the_list(redis_url: str) -> None:
    with RedisWithRights() as server, RecordingLink(("127.0.0.1", server.port)) as link:
        with (
            Application(server.url, QUEUE) as worker,
            Collector(redis_url, WATCHED_BROKER_URL=as_user(server.url, link.port)) as collector,
            redis.Redis.from_url(server.url) as client,
        ):
            watch_through_trouble(
                collector, link, server, worker, lambda: [command[0] for command in commands(link)].count(b"PUBLISH")
            )
            assert worker.trouble() == []
            worker.kill9()
            client.lpush(QUEUE, "a message that waits")  # Only then are messages looked at.
            wait_until(lambda: b"LINDEX" in {command[0] for command in commands(link)}, what="it is looked at")
            refused = client.acl_log()
        sent = commands(link)

    granted = {right[1:] for right in rights("Redis")[0].split() if right.startswith("+")}
    assert {command[0].decode().lower() for command in sent} == granted | {"auth"}
    assert [command for command in sent if writes_elsewhere(command)] == []
    assert refused == []


def commands(link: RecordingLink) -> list[list[bytes]]:
    return [command for stream in link.streams() for command in redis_commands(stream)]


READS = {"llen", "exists", "lindex", "hlen", "zrange", "scan", "sscan", "scard", "lrange", "psubscribe"}
NO_KEYS = {"auth", "multi", "exec"}


def writes_elsewhere(command: list[bytes]) -> bool:
    """Whether it may change a key that is not the panel's own, or publish to a channel other than the workers'."""
    name = command[0].decode().lower()
    if name in READS | NO_KEYS:
        return False
    return not command[1].startswith(b"/0.celery.pidbox" if name == "publish" else b"zapvoice-monitor.")


@contextmanager
def database_with_rights(server: PostgresServer, url: str) -> Iterator[str]:
    """The URL of the document's role in a database without default rights."""
    name = urlsplit(url).path[1:]
    with server.connect() as connection, psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as inside:
        connection.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
        inside.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        for line in rights("PostgreSQL"):
            connection.execute(line.replace(" zapvoice ", f" {name} "))
        connection.execute(f"""ALTER ROLE "{USER}" SET log_statement = 'all'""")
        try:
            yield as_user(url, server.port)
        finally:
            connection.execute(f"""REVOKE ALL ON DATABASE {name} FROM "{USER}" """)
            connection.execute(f"""DROP ROLE "{USER}" """)


def test_a_watched_database_gets_one_question(
    redis_url: str, postgres_server: PostgresServer, postgres_url: str
) -> None:
    with database_with_rights(postgres_server, postgres_url) as url:
        began = len(log_of(postgres_server))
        with Collector(redis_url, WATCHED_DATABASE_URL=url) as collector:
            collector.await_status("database", "online")
            collector.kill9()
            collector.start()
            collector.await_status("database", "online")
    asked = re.findall(r"LOG:  (?:statement|execute [^:]*): ([^\n]*)", log_of(postgres_server)[began:])

    assert set(asked) == {"SELECT 1"}
