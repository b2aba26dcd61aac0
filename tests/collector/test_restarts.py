"""A collector that is killed again and again says so at its next start, on the panel."""

import sys

import pytest

from collector import restarts
from collector.store import keys
from collector.store.live import LiveStore
from collector.store.logs import LogStore
from tests.process import Service, wait_until
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
    store = LiveStore(client)
    for _ in range(restarts.TELL_FROM - 1):
        restarts.note_start(store, HOST)  # And nothing more comes of those that are killed.

    with Collector(redis_url) as collector:
        wait_until(lambda: messages(client))
        assert 0 < client.ttl(keys.starts(HOST)) <= keys.STARTS_S
        collector.end_in_good_order()

    (message,) = messages(client)
    assert message.startswith("this collector was started 3 times within 10 minutes and never ended in good order")
    assert not client.exists(keys.starts(HOST))


def test_a_start_or_two_is_nothing_to_tell_of(client, caplog):
    for _ in range(restarts.TELL_FROM - 1):
        restarts.note_start(LiveStore(client), HOST)

    assert caplog.records == []


def test_each_host_counts_for_itself(client):
    store = LiveStore(client)

    assert [store.count_start(host) for host in ("web-1", "web-2", "web-1")] == [1, 1, 2]
