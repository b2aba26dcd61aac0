"""Processes that report the CPU and RAM of their own container."""

import json
import os
import subprocess
import sys

import pytest

from collector.probes.containers import ContainersProbe
from collector.store import keys
from collector.store.live import LiveStore, redis_client
from tests.process import PATIENCE_S
from tests.services import free_port, wait_until
from tests.web import ROOT

pytestmark = pytest.mark.live


@pytest.fixture
def client(redis_url):
    with redis_client(redis_url) as client:
        yield client


def test_a_process_reports_by_one_line_and_is_shown_silent_when_it_ends(redis_url, client):
    code = f"""
import time, collector.report
collector.report.start("backend", redis_url={redis_url!r}, host="web-1", interval_s=0.1)
time.sleep(60)
"""
    probe = ContainersProbe(LiveStore(client), "web-1")
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=dict(os.environ))
    try:
        wait_until(lambda: probe.read() and probe.read()[0].cpu.percent is not None, 10)
        [backend] = probe.read()
    finally:
        process.kill()
        process.wait()

    assert (backend.name, backend.age_s < PATIENCE_S) == ("backend", True)
    assert backend.ram.used_bytes > 0
    wait_until(lambda: probe.read()[0].age_s >= 1, 10)


def test_a_redis_that_is_away_does_not_reach_the_service(capfd):
    code = f"""
import collector.report
collector.report.start("backend", redis_url="redis://:hunter2@127.0.0.1:{free_port()}/0", interval_s=0.05)
import time; time.sleep(0.5); print("the service goes on")
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=PATIENCE_S
    )

    assert done.stdout == "the service goes on\n"
    assert done.stderr.count("cannot be reported") == 1
    assert "hunter2" not in done.stderr


@pytest.mark.parametrize(
    "value",
    [b"", b"x", b"12", b"12 not json", b"12 []", b'12 {"cpu":1,"ram":2}',
     b'12 {"cpu":{"scope":"host","percent":"<script>"},"ram":{"scope":"host"}}',
     b'12 {"cpu":{"scope":"host","percent":NaN},"ram":{"scope":"host"}}',
     b'12 {"cpu":{"scope":"moon"},"ram":{"scope":"host"}}',
     b'12 {"cpu":{"scope":"host","x":1},"ram":{"scope":"host"}}'],
)  # fmt: skip
def test_garbage_in_a_report_is_skipped(client, value):
    store = LiveStore(client)
    stamp = str(int(store.now_s() * 1000)).encode()
    client.hset(keys.containers("web-1"), "bad", value.replace(b"12", stamp, 1))
    store.report("web-1", "good", json.dumps({"cpu": {"scope": "host"}, "ram": {"scope": "host"}}))

    assert [container.name for container in ContainersProbe(store, "web-1").read()] == ["good"]
