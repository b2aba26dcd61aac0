"""How long things take where nothing else is wrong but what is said, on a machine that has nothing else to do."""

import json
import subprocess
import sys
import time
from collections.abc import Callable

from app.auth.user_agent import name_browser
from collector.sampling.monitor import SystemMonitor
from store.logs.redaction import redact
from store.samples.live import LiveStore, redis_client
from store.samples.model import Sample
from tests.builders import make_sample
from tests.rabbitmq_sampling import monitoring
from tests.services import CeleryWorker, RabbitServer, RedisServer
from tests.web import ROOT, WebServer

LOG_LINE_US = 50.0
"""Of one call in a service that logs 20,000 lines at once; some 3 µs when the machine is idle."""

SAMPLE_MS = 250.0
"""Of a sample while RabbitMQ is in alarm, hangs or is dead: far less than the 900 ms that a tick may wait."""

EVENT_S = 0.5
"""From a sample's writing to a viewer's socket."""


def took_s(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def test_a_log_line_costs_a_service_microseconds() -> None:
    with RedisServer() as server:
        out = subprocess.run(
            [sys.executable, "-m", "bench.programs.log_cost", server.url], cwd=ROOT, capture_output=True, check=True
        )

    assert json.loads(out.stdout) < LOG_LINE_US


def test_a_browser_is_named_and_a_long_line_redacted_in_no_time() -> None:
    assert took_s(lambda: name_browser("Samsung " * 50 + "SamsungBrowser/" + "9" * 1_000_000)) < 0.05
    assert took_s(lambda: redact("4111 " * 1600)) < 0.05


def test_an_event_is_with_its_viewer_at_once() -> None:
    with RedisServer() as server, WebServer(server.url) as web, redis_client(server.url) as client, web.stream() as own:
        own.next("hosts")
        store, delays_s = LiveStore(client), []
        for slot in range(20):
            store.append(make_sample(slot=slot))
            delays_s.append(took_s(lambda: own.next("system_stats")))

    assert max(delays_s) < EVENT_S


def test_no_outage_of_rabbitmq_delays_a_sample() -> None:
    with (
        RabbitServer() as rabbitmq,
        CeleryWorker(rabbitmq.url, "dispatch"),
        monitoring(rabbitmq, "dispatch") as monitor,
    ):
        slowest_ms = {}
        for state, strike in (
            ("well", lambda: None),
            ("in alarm", lambda: rabbitmq.ctl("set_vm_memory_high_watermark", "absolute", "1")),
            ("hangs", rabbitmq.pause),
            ("dead", rabbitmq.kill9),
        ):
            strike()
            slowest_ms[state] = max(sample.took_ms for sample in samples_of(monitor, seconds=5))

    assert {state: took_ms for state, took_ms in slowest_ms.items() if took_ms >= SAMPLE_MS} == {}


def samples_of(monitor: SystemMonitor, seconds: float) -> list[Sample]:
    samples = []
    for _ in range(int(seconds / 0.1)):
        samples.append(monitor.sample())
        time.sleep(0.1)
    return samples
