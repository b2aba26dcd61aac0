"""One token for logs that sends the most it can, and what it costs the web process: `make bench-logs`.

Bodies of 64 KiB, ten a second, of the text that takes longest to be looked through for secrets. Beside it `/healthz` is
asked by a process of its own.
"""

import argparse
import http.client
import json
import os
import subprocess
import sys
import threading
import time

from app.accounts.tokens import TokenScope
from bench.figures import percentile
from bench.meter import cpu_s
from bench.table import Figure, keep
from tests.services import RedisServer, wait_until
from tests.web import WebServer

BODY_BYTES = 64 * 1024 - 1
PER_S, LINES = 10, 4


def worst_body() -> bytes:
    """CPFs that are right, in lines that are each as long as is looked through."""
    line = {"service": "greedy", "level": "error", "message": "m", "traceback": ""}
    room = BODY_BYTES // LINES - len(json.dumps(line)) - 2
    return json.dumps([{**line, "traceback": ("111.444.777-35 " * (room // 15))}] * LINES).encode()


def send(web: WebServer, token: str, until_mono_s: float, statuses: list[int]) -> None:
    """At an even pace, whether or not the ones before were taken."""
    body, connection = worst_body(), http.client.HTTPConnection("127.0.0.1", web.port, timeout=30)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    due_mono_s = time.monotonic()
    while due_mono_s < until_mono_s:
        time.sleep(max(0.0, due_mono_s - time.monotonic()))
        connection.request("POST", "/api/logs", body, headers)
        answer = connection.getresponse()
        answer.read()
        statuses.append(answer.status)
        due_mono_s += 1 / PER_S
    connection.close()


def measure(seconds: float) -> None:
    """Print and keep the figures."""
    statuses: list[int] = []
    with RedisServer() as redis_server, WebServer(redis_server.url) as web:
        wait_until(lambda: web.get("/readyz", role=None).status == 200)
        token = web.accounts.tokens.create("admin@example.org", TokenScope.LOGS)[1]
        assert web._process is not None
        worker = web._process.children()[0].pid
        sending = threading.Thread(target=send, args=(web, token, time.monotonic() + seconds, statuses))
        begun_s = cpu_s(worker)
        sending.start()
        command = [sys.executable, "-m", "bench.login", "--ask", str(web.port), "--seconds", str(seconds)]
        health_ms = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
        sending.join()
        percent = (cpu_s(worker) - begun_s) * 100 / seconds
    counts = {status: statuses.count(status) for status in sorted(set(statuses))}
    keep(
        "logs",
        f"{len(statuses)} bodies of 64 KiB in {seconds:g} s by one token",
        [
            Figure(name="the web process meanwhile, health's CPU too", unit="% of a core", ours=percent, bar=15),
            Figure(name="bodies that were looked through", unit="count", ours=float(counts.get(202, 0))),
            Figure(name="/healthz meanwhile, p50", unit="ms", ours=percentile(health_ms, 0.5)),
            Figure(name="/healthz meanwhile, p99", unit="ms", ours=percentile(health_ms, 0.99)),
        ],
        answered=counts,
        load=os.getloadavg()[0],
    )


def main() -> int:
    """Measure for as long as is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30)
    measure(parser.parse_args().seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
