"""Processes that report the CPU and RAM of their own container."""

import json
from contextlib import ExitStack

import pytest

from collector.probes.resources.containers import ContainersProbe
from store import keys
from store.samples.live import LiveStore, redis_client
from store.samples.reports import ReportStore
from tests.process import PATIENCE_S
from tests.programs.service import service
from tests.services import free_port, wait_until

pytestmark = pytest.mark.live


@pytest.fixture
def client(redis_url):
    with redis_client(redis_url) as client:
        yield client


def test_a_process_reports_by_one_line_and_is_shown_silent_when_it_ends(redis_url, client):
    probe = ContainersProbe(ReportStore(client), "web-1")
    with service("reporting", redis_url, "none-nothing"):
        wait_until(lambda: probe.read() and probe.read()[0].cpu.percent is not None)
        [backend] = probe.read()

    assert (backend.name, backend.age_s < PATIENCE_S) == ("none-nothing", True)
    assert backend.ram.used_bytes > 0
    wait_until(lambda: probe.read()[0].age_s >= 1)


@pytest.mark.parametrize("library", ["gevent", "eventlet"])
def test_a_library_may_patch_at_any_moment(redis_url, client, library):
    moments = [f"{library}-{before}" for before in ("nothing", "import", "a start")]
    with ExitStack() as stack:
        services = [stack.enter_context(service("reporting", redis_url, moment)) for moment in moments]
        assert [each.stdout.readline() for each in services] == ["the service goes on\n"] * 3
        for _ in range(2):  # What was reported before it patched is no proof.
            client.delete(keys.containers("web-1"))
            wait_until(lambda: client.hlen(keys.containers("web-1")) == 3, what="all report")
        for each in services:
            assert "[zapvoice-monitor]" not in each.end()[1]


def test_a_redis_that_is_away_does_not_reach_the_service():
    with service("reporting", f"redis://:hunter2@127.0.0.1:{free_port()}/0", "none-nothing") as away:
        complaint = away.stderr.readline()
        out, err = away.end()

    assert complaint == "[zapvoice-monitor] this container is not reported: Redis: ConnectionError\n"
    assert (out, err) == ("the service goes on\n", "")


def test_a_system_without_threads_does_not_reach_the_service(redis_url):
    with service("reporting", redis_url, "none-no thread") as limited:
        out, err = limited.end()

    assert out == "the service goes on\n"
    assert err == "[zapvoice-monitor] this container is not reported: the system refuses a thread\n"


@pytest.mark.parametrize(
    "value",
    [b"", b"x", b"12", b"12 not json", b"12 []", b'12 {"cpu":1,"ram":2}',
     b'12 {"cpu":{"scope":"host","percent":"<script>"},"ram":{"scope":"host"}}',
     b'12 {"cpu":{"scope":"host","percent":NaN},"ram":{"scope":"host"}}',
     b'12 {"cpu":{"scope":"moon"},"ram":{"scope":"host"}}',
     b'12 {"cpu":{"scope":"host","x":1},"ram":{"scope":"host"}}'],
)  # fmt: skip
def test_garbage_in_a_report_is_skipped(client, value):
    store = ReportStore(client)
    stamp = str(int(LiveStore(client).now_s() * 1000)).encode()
    client.hset(keys.containers("web-1"), "bad", value.replace(b"12", stamp, 1))
    store.write("web-1", "good", json.dumps({"cpu": {"scope": "host"}, "ram": {"scope": "host"}}))

    assert [container.name for container in ContainersProbe(store, "web-1").read()] == ["good"]


def test_containers_that_report_under_one_name_do_not_take_turns_and_it_is_counted(client):
    store = ReportStore(client)
    probe = ContainersProbe(store, "web-1")

    def say(percent, source):
        body = {"cpu": {"scope": "container", "percent": percent}, "ram": {"scope": "container"}}
        store.write("web-1", "backend", json.dumps(body), source=source)

    seen = []
    for _ in range(3):
        for percent, source in ((10, "one"), (90, "two")):
            say(percent, source)
            seen.append([(row.name, row.cpu.percent, row.sources) for row in probe.read()])

    assert seen[0] == [("backend", 10, 1)]
    assert seen[1:] == [[("backend", 10, 2)]] * 5


def test_a_container_that_was_made_anew_is_shown_once_and_leaves_nothing_behind(client):
    store = ReportStore(client)
    body = json.dumps({"cpu": {"scope": "container", "percent": 1}, "ram": {"scope": "container"}})
    old_ms = int((LiveStore(client).now_s() - keys.REPORT_TTL_S - 60) * 1000)
    old = {f"backend{keys.SOURCE}{number}": f"{old_ms} {body}" for number in range(2 * keys.REPORTS_KEPT)}
    client.hset(keys.containers("web-1"), mapping=old)

    store.write("web-1", "backend", body, source="new")

    [backend] = ContainersProbe(store, "web-1").read()
    assert (backend.name, backend.sources) == ("backend", 1)
    assert client.hlen(keys.containers("web-1")) == 1
