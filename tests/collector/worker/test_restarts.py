"""A collector that is killed again and again says so at its next start, on the panel."""

import re
import sys

import pytest

from collector.worker import restarts
from store import keys
from store.logs.log_store import LogStore
from store.samples.live import redis_client
from store.starts import count_start
from tests.process import Service, wait_until
from tests.recording import RecordingLink, redis_commands
from tests.web import ROOT

pytestmark = pytest.mark.live

HOST = "web-1"


class Collector(Service):
    """The collector as containers run it."""

    program = sys.executable

    def __init__(self, redis_url):
        super().__init__()
        self._redis_url = redis_url

    @property
    def url(self):
        return self._redis_url

    def start(self):
        database_url = f"sqlite:///{self.directory}/monitor.sqlite3"
        environ = {"REDIS_URL": self.url, "MONITOR_HOST": HOST, "DATABASE_URL": database_url, "PYTHONPATH": str(ROOT)}
        self._run([sys.executable, "-m", "collector", "worker"], environ)

    def is_ready(self):
        return " ready." in self.log.read_text()

    def end_in_good_order(self):
        self._process.terminate()
        assert self._process.wait(30) == 0


def messages(client):
    return [group["message"] for group in LogStore(client).recent().groups if group["level"] == "critical"]


def test_the_start_after_two_that_were_killed_is_told_on_the_panel_and_an_end_in_good_order_forgets_them(
    redis_url, client
):
    for _ in range(restarts.TELL_FROM - 1):
        restarts.note_start(client, HOST)  # And nothing more comes of those that are killed.

    with Collector(redis_url) as collector:
        wait_until(lambda: messages(client))
        assert 0 < client.ttl(keys.starts(HOST)) <= keys.STARTS_S
        collector.end_in_good_order()

    (message,) = messages(client)
    assert message.startswith("this collector was started 3 times within 10 minutes and never ended in good order")
    assert {"OOMKilled", "exit code 70"} <= set(re.findall(r"OOMKilled|exit code 70", message)), "it knows not which"
    assert not client.exists(keys.starts(HOST))


def test_a_start_or_two_is_nothing_to_tell_of(client, caplog):
    for _ in range(restarts.TELL_FROM - 1):
        restarts.note_start(client, HOST)

    assert caplog.records == []


def test_each_host_counts_for_itself(client):
    assert [count_start(client, host) for host in ("web-1", "web-2", "web-1")] == [1, 1, 2]


def test_a_start_is_counted_in_one_step_so_that_no_number_without_an_end_is_left(redis_server, redis_url):
    with RecordingLink(("127.0.0.1", redis_server.port)) as link:
        with redis_client(redis_url.replace(f":{redis_server.port}/", f":{link.port}/")) as client:
            assert count_start(client, HOST) == 1
        words = [command[0] for stream in link.streams() for command in redis_commands(stream)]

    assert words[words.index(b"MULTI") :] == [b"MULTI", b"SET", b"INCRBY", b"EXEC"]
