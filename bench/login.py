"""A flood of wrong logins, and what it costs those who look: `make bench-login`.

Each comes from another address, so that every one is checked and none is turned away by the throttle: the worst that a
botnet can do. Beside it `/healthz` is asked, by a process of its own so that the flood's own work is no part of the
figure, and a sample is written and awaited on an open stream. Before it the same without the flood. How long a request
waits for the event loop is told in CPU time as well, which is the same on a busy machine.
"""

import argparse
import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.figures import percentile
from bench.meter import cpu_s
from bench.table import Figure, keep
from store.samples.live import LiveStore, redis_client
from tests.builders import make_sample
from tests.logins import HttpBrowser
from tests.services import RedisServer, wait_until
from tests.web import ROOT, EventStream, WebServer


def flood(web: WebServer, per_minute: int, until_mono_s: float, statuses: list[int]) -> None:
    """Wrong logins at an even pace, whether or not the ones before have been answered."""
    browser = HttpBrowser(web.port)
    browser.open("/login")
    threads, started_mono_s, count = [], time.monotonic(), 0
    while time.monotonic() < until_mono_s:
        threads.append(threading.Thread(target=_log_in, args=(browser, count, statuses)))
        threads[-1].start()
        count += 1
        time.sleep(max(0.0, started_mono_s + count * 60 / per_minute - time.monotonic()))
    for thread in threads:
        thread.join()


def _log_in(browser: HttpBrowser, number: int, statuses: list[int]) -> None:
    sent_by = {"X-Forwarded-For": f"10.{number // 65536 % 256}.{number // 256 % 256}.{number % 256}"}
    fields = {"email": f"user-{number}@example.org", "password": "a wrong password"}  # pragma: allowlist secret
    statuses.append(browser.send("/login", sent_by, **fields).status)


def ask_health(port: int, seconds: float) -> list[float]:
    """How long `/healthz` took (ms), asked on one connection, thirty times a second."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    until_mono_s, took_ms = time.monotonic() + seconds, []
    while time.monotonic() < until_mono_s:
        started_s = time.perf_counter()
        connection.request("GET", "/healthz")
        connection.getresponse().read()
        took_ms.append((time.perf_counter() - started_s) * 1000)
        time.sleep(1 / 30)
    connection.close()
    return took_ms


def watch(web: WebServer, store: LiveStore, stream: EventStream, seconds: float) -> tuple[list[float], list[float]]:
    """For so long: how long health took, and a sample from the store to the viewer (ms)."""
    command = [sys.executable, "-m", "bench.login", "--ask", str(web.port), "--seconds", str(seconds)]
    until_mono_s, sample_ms = time.monotonic() + seconds, []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as asking:
        while time.monotonic() < until_mono_s:
            started_s = time.perf_counter()
            written = store.append(make_sample(slot=time.time_ns()))
            while stream.next("system_stats").id != written:
                pass
            sample_ms.append((time.perf_counter() - started_s) * 1000)
            time.sleep(0.5)
        health_ms = json.loads(asking.communicate()[0])
    return health_ms, sample_ms


class WatchedServer(WebServer):
    """Notes how long its event loop looked at no socket."""

    def start(self) -> None:
        self.environ["STRETCHES"] = str(self.directory / "stretches")
        config = str(ROOT / "bench/loop_conf.py")
        self._run([sys.executable, "-m", "gunicorn", "-c", config, "app:create_app()"], self.environ)

    def stretches_s(self) -> list[float]:
        """Those since the start, but for the last second's."""
        path = self.directory / "stretches"
        wait_until(path.exists, 5, "the first second is over")
        stretches_s: list[float] = json.loads(path.read_text())
        return stretches_s


def wait_ms(stretches_s: list[float], seconds: float, share: float) -> float:
    """What but `share` of all who come at any time within `seconds` wait at most for a stretch to end."""
    for tenths in range(100_000):
        longer_s = sum(max(0.0, each - tenths / 10_000) for each in stretches_s)
        if longer_s <= share * seconds:
            return tenths / 10
    raise ValueError("the loop stood still")


@contextmanager
def busy(cores: int) -> Iterator[None]:
    """Other programs that keep so many cores busy, for ten minutes at most."""
    command = [sys.executable, "-m", "bench.programs.busy"]
    others = [subprocess.Popen(command) for _ in range(cores)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def measure(per_minute: int, seconds: float) -> None:
    """Print and keep the figures."""
    statuses: list[int] = []
    with RedisServer() as redis_server, WatchedServer(redis_server.url, TRUSTED_PROXIES="1") as web:
        wait_until(lambda: web.get("/readyz", role=None).status == 200, 10)
        with redis_client(redis_server.url) as client, web.stream(timeout_s=30) as stream:
            stream.next("hello")
            quiet_ms, _ = watch(web, LiveStore(client), stream, seconds / 2)
            assert web._process is not None
            worker = web._process.children()[0].pid
            begun_s, quiet_stretches = cpu_s(worker), len(web.stretches_s())
            flooding = threading.Thread(target=flood, args=(web, per_minute, time.monotonic() + seconds, statuses))
            flooding.start()
            health_ms, sample_ms = watch(web, LiveStore(client), stream, seconds)
            flooding.join()
            login_ms = (cpu_s(worker) - begun_s) * 1000 / len(statuses)
            waits_ms = wait_ms(web.stretches_s()[quiet_stretches:], seconds, 0.01)
    counts = {status: statuses.count(status) for status in sorted(set(statuses))}
    keep(
        "login",
        f"{len(statuses)} wrong logins in {seconds:g} s, each from another address",
        [
            Figure(name="/healthz before, p99", unit="ms", ours=percentile(quiet_ms, 0.99)),
            Figure(name="/healthz meanwhile, p50", unit="ms", ours=percentile(health_ms, 0.5)),
            Figure(name="/healthz meanwhile, p99", unit="ms", ours=percentile(health_ms, 0.99), bar=5),
            Figure(name="wait for the event loop, p99, CPU", unit="ms", ours=waits_ms, bar=3),
            Figure(name="sample to viewer meanwhile, p99", unit="ms", ours=percentile(sample_ms, 0.99), bar=1000),
            Figure(name="the web process, CPU a login", unit="ms", ours=login_ms, note="with its hash"),
            Figure(name="logins turned away", unit="count", ours=float(len(statuses) - counts.get(401, 0))),
        ],
        answered=counts,
        load=os.getloadavg()[0],
    )


def main() -> int:
    """Measure, or ask health for somebody who does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--per-minute", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--busy", type=int, default=0, metavar="CORES", help="cores that other programs keep busy")
    parser.add_argument("--ask", type=int, metavar="PORT", help="print how long the health of that port took (ms)")
    options = parser.parse_args()
    if options.ask:
        print(json.dumps(ask_health(options.ask, options.seconds)))
    else:
        with busy(options.busy):
            measure(options.per_minute, options.seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
