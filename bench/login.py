"""A flood of wrong logins, and what it costs those who look: `make bench-login`.

Each comes from another address, so that every one is checked and none is turned away by the throttle: the worst that a
botnet can do. Beside it `/healthz` is asked and a sample is written and awaited on an open stream.
"""

import argparse
import http.client
import re
import sys
import threading
import time
from urllib.parse import urlencode

from bench.figures import percentile
from collector.store.live import LiveStore, redis_client
from tests.builders import make_sample
from tests.services import RedisServer, wait_until
from tests.web import WebServer


def flood(web: WebServer, per_minute: int, until_mono_s: float, statuses: list[int]) -> None:
    """Wrong logins at an even pace, whether or not the ones before have been answered."""
    form = web.get("/login", role=None)
    cookie = (form.headers["Set-Cookie"] or "").split(";")[0]
    found = re.search(r'name="csrf_token" value="([^"]+)"', form.body.decode())
    assert found is not None
    threads, started_mono_s, count = [], time.monotonic(), 0
    while time.monotonic() < until_mono_s:
        threads.append(threading.Thread(target=_log_in, args=(web, cookie, found[1], count, statuses)))
        threads[-1].start()
        count += 1
        time.sleep(max(0.0, started_mono_s + count * 60 / per_minute - time.monotonic()))
    for thread in threads:
        thread.join()


def _log_in(web: WebServer, cookie: str, token: str, number: int, statuses: list[int]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=30)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": cookie,
        "X-Forwarded-For": f"10.{number // 65536 % 256}.{number // 256 % 256}.{number % 256}",
    }
    fields = {
        "csrf_token": token,
        "email": f"user-{number}@example.org",
        "password": "a wrong password",  # pragma: allowlist secret
    }  # pragma: allowlist secret
    connection.request("POST", "/login", urlencode(fields), headers)
    statuses.append(connection.getresponse().status)
    connection.close()


def ask_health(web: WebServer, until_mono_s: float, took_ms: list[float]) -> None:
    """`/healthz` on one connection, ten times a second."""
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=10)
    while time.monotonic() < until_mono_s:
        started_s = time.perf_counter()
        connection.request("GET", "/healthz")
        connection.getresponse().read()
        took_ms.append((time.perf_counter() - started_s) * 1000)
        time.sleep(0.1)
    connection.close()


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--per-minute", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    statuses: list[int] = []
    health_ms: list[float] = []
    sample_ms: list[float] = []
    with RedisServer() as redis_server, WebServer(redis_server.url, TRUSTED_PROXIES="1") as web:
        wait_until(lambda: web.get("/readyz", role=None).status == 200, 10)
        until_mono_s = time.monotonic() + options.seconds
        work = [
            threading.Thread(target=flood, args=(web, options.per_minute, until_mono_s, statuses)),
            threading.Thread(target=ask_health, args=(web, until_mono_s, health_ms)),
        ]
        for thread in work:
            thread.start()
        with redis_client(redis_server.url) as client, web.stream(timeout_s=30) as stream:
            store, slot = LiveStore(client), 0
            stream.next("hello")
            while time.monotonic() < until_mono_s:
                slot += 1
                started_s = time.perf_counter()
                written = store.append(make_sample(slot=slot))
                while stream.next("system_stats").id != written:
                    pass
                sample_ms.append((time.perf_counter() - started_s) * 1000)
                time.sleep(0.5)
        for thread in work:
            thread.join()
    counts = {status: statuses.count(status) for status in sorted(set(statuses))}
    print(f"{len(statuses)} wrong logins in {options.seconds:g} s, answered {counts}")
    for name, values in (("/healthz", health_ms), ("sample to viewer", sample_ms)):
        p50, p99 = percentile(values, 0.5), percentile(values, 0.99)
        print(f"{name}: {len(values)} times, p50 {p50:.1f} ms, p99 {p99:.1f} ms, max {max(values):.1f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
