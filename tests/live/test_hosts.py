"""Several hosts that write through one Redis."""

from contextlib import ExitStack, contextmanager

import pytest
from flask import Flask

from app.cli import commands
from store.samples.live import LiveStore, redis_client
from store.samples.wire import parse_wire
from tests.builders import make_sample
from tests.collectors import CELERY, running
from tests.process import wait_until
from tests.stack import Stack
from tests.web import WebServer

pytestmark = pytest.mark.live


@contextmanager
def joining_host(name, redis_url, directory):
    """Two beats and a collector of another host, started as in production."""
    own = {"MONITOR_HOST": name, "MONITOR_CONTAINER": "beat", "SAMPLE_INTERVAL_S": "1"}
    with ExitStack() as stack:
        for command in (("beat", "--pidfile="), ("beat", "--pidfile="), ("worker",)):
            stack.enter_context(running(*CELERY, *command, redis_url=redis_url, directory=directory, **own))
        yield


@pytest.fixture(scope="module")
def stack():
    with Stack(MONITOR_HOST="web-1", SAMPLE_INTERVAL_S="1") as stack:
        yield stack


def hosts_until(stream, is_wanted):
    """The first `hosts` event that is as wanted, as {host: row}."""
    while True:
        rows = {row["host"]: row for row in stream.next("hosts").json["hosts"]}
        if is_wanted(rows):
            return rows


def test_a_host_joins_is_seen_apart_falls_silent_and_is_forgotten(stack, tmp_path):
    with stack.stream() as stream:
        with joining_host("web-2", stack.redis_url, tmp_path):
            rows = hosts_until(
                stream, lambda rows: rows.get("web-2", {}).get("services", {}).get("database") == "offline"
            )
            with stack.stream("/stream?host=web-2") as own:
                samples = [own.next("system_stats").json for _ in range(3)]
        silent = hosts_until(stream, lambda rows: not rows["web-2"]["is_fresh"])

        assert stack.get("/healthz", role=None).json["sample"] == "partial"
        assert stack.get("/api/hosts/web-2", method="DELETE").status == 403, "a token reads"
        assert stack.get("/api/hosts/web-2", role=None, method="DELETE", **stack.sign_in()).status == 204
        remaining = hosts_until(stream, lambda rows: "web-2" not in rows)

    assert rows["web-1"]["services"]["database"] in ("online", "degraded")  # As quick as the machine is now.
    assert [sample["host"] for sample in samples] == ["web-2"] * 3
    assert len({sample["slot"] for sample in samples}) == 3  # Two beats, and still one sample a slot.
    assert [container["name"] for container in samples[-1]["containers"]] == ["beat"]
    assert samples[-1]["containers"][0]["ram"]["used_bytes"] > 0
    assert silent["web-2"]["age_s"] >= 3  # Told to a tenth.
    assert list(remaining) == ["web-1"]


def test_two_hundred_hosts_are_followed_listed_and_told_apart(redis_url):
    names = [f"host-{number:03}" for number in range(200)]
    with redis_client(redis_url) as client, WebServer(redis_url) as web:
        store = LiveStore(client)
        for slot in range(3):
            for name in names:
                store.append(make_sample(host=name, slot=slot))
        wait_until(lambda: web.get("/healthz", role=None).status == 200, 10)

        with web.stream("/stream?host=host-123") as stream:
            rows = hosts_until(stream, lambda rows: len(rows) == 200)
            for name in names:
                store.append(make_sample(host=name, slot=3))
            sample = parse_wire(stream.next("system_stats").data.encode())

        history = web.get("/api/history?host=host-123").json
    assert all(row["is_fresh"] for row in rows.values())
    assert (sample["host"], sample["slot"]) == ("host-123", 3)
    assert len(history["columns"][0]) == 4


def test_hosts_are_listed_and_forgotten_on_the_command_line(redis_url):
    with redis_client(redis_url) as client:
        store = LiveStore(client)
        store.append(make_sample(host="web-1"))
        app = Flask(__name__)
        app.extensions["store"] = store
        commands.init_app(app)
        runner = app.test_cli_runner()

        listed = runner.invoke(args=["hosts", "list"])
        forgotten = [runner.invoke(args=["hosts", "forget", "web-1"]) for _ in range(2)]

    assert listed.output.splitlines()[1].split()[0] == "web-1"
    assert [done.exit_code for done in forgotten] == [0, 1]
    assert "There is no host web-1" in forgotten[1].output
