"""`/healthz` while a thousand viewers stream and Redis is stopped in its tracks: `make bench-health`.

Asked by wrk over kept connections, 4 at a time; the answer must be right all along: the sample's words as they were at
first, `stale` once the newest one is older than three intervals.
"""

import argparse
import re
import subprocess
import sys
import time

import redis

from bench.fanout import publishing
from bench.swarm import swarm
from bench.table import Figure, keep
from store import keys
from tests.services import RedisServer, wait_until
from tests.web import WebServer

STALE_S = 3 * 3.0 + 1


def main() -> int:
    """Print the table and keep it; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=15)
    arguments = parser.parse_args()
    limits = {"MAX_STREAMS": "20000", "MAX_STREAMS_PER_USER": "20000"}
    with RedisServer() as store, WebServer(store.url, **limits) as server, redis.Redis.from_url(store.url) as client:

        def publish(at_ms: int, number: int, text: str) -> None:
            client.xadd(keys.SAMPLES, {"host": "bench", "sample": text}, id=f"{at_ms}-{number}")

        head = f"GET /stream HTTP/1.1\nHost: bench\nAuthorization: {server.bearer('super_admin')['Authorization']}\n"
        with swarm(server.directory, server.port, arguments.viewers, head, rate=500) as crowd:
            with publishing(publish):
                crowd.wait_for(arguments.viewers, 60)
                wait_until(lambda: b'"fresh"' in server.get("/healthz", role=None).body, 5, "a fresh sample")
                fresh = _ask(server.port, 3)
            store.pause()
            begun = time.monotonic()
            frozen = _ask(server.port, arguments.seconds)
            elapsed_s = time.monotonic() - begun
            is_right = _turns_stale(server, begun)
            store.resume()
    keep(
        "health",
        f"/healthz, {arguments.viewers} viewers, Redis stopped for {elapsed_s:.0f} s",
        [
            Figure(name="/healthz, all well, p99", unit="ms", ours=fresh["p99_ms"]),
            Figure(name="/healthz, Redis stopped, p99", unit="ms", ours=frozen["p99_ms"], bar=10),
            Figure(name="/healthz, Redis stopped, p50", unit="ms", ours=frozen["p50_ms"]),
            Figure(name="wrong answers", unit="count", ours=float(not is_right), bar=0),
        ],
        per_s=frozen["per_s"],
    )
    return 0


def _turns_stale(server: WebServer, paused_mono_s: float) -> bool:
    """Whether it says so when three intervals and a little have gone by since Redis was stopped."""
    time.sleep(max(0.0, paused_mono_s + STALE_S - time.monotonic()))
    return b'"stale"' in server.get("/healthz", role=None).body


def _ask(port: int, seconds: int) -> dict[str, float]:
    """wrk's percentiles (ms) and answers a second."""
    command = ["wrk", "-t", "1", "-c", "4", "-d", f"{seconds}s", "--latency", f"http://127.0.0.1:{port}/healthz"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = {share: _ms(*match) for share, *match in re.findall(r"^\s+(\d+)%\s+([\d.]+)(us|ms|s)$", text, re.MULTILINE)}
    per_s = re.search(r"Requests/sec:\s+([\d.]+)", text)
    return {"p50_ms": found["50"], "p99_ms": found["99"], "per_s": float(per_s[1]) if per_s else 0.0}


def _ms(number: str, unit: str) -> float:
    return float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]


if __name__ == "__main__":
    sys.exit(main())
