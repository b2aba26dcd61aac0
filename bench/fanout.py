"""Thousands of viewers on one web process, one event a second: `make bench-fanout`.

Beside it, in the same run and one after the other: nchan (nginx, C), and flask-sse as its manual shows it under one
gunicorn gevent worker. Every event is a whole sample. The viewers are a process of their own, in C, on the same cores.
Then all of ours are cut off at once and come back as the page does.
"""

import argparse
import contextlib
import json
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import redis

from bench.figures import percentile
from bench.meter import Meter, family
from bench.peers import Naive, Peer
from bench.swarm import Seen, Swarm, swarm
from bench.table import Figure, keep
from store import keys
from tests.builders import make_sample
from tests.services import RedisServer
from tests.web import WebServer

Publish = Callable[[int, str], None]
"""Sends an event: its time in ms and its number, which together are its id, and its JSON."""


class Nchan(Peer):
    """Debian's nginx with nchan: one worker, events held in its memory."""

    program = "/usr/sbin/nginx"

    def start(self) -> None:
        """Start it and return once it answers."""
        config = self.directory / "nginx.conf"
        config.write_text(
            "load_module /usr/lib/nginx/modules/ngx_nchan_module.so;\n"
            f"daemon off; worker_processes 1; worker_rlimit_nofile 20000; pid {self.directory}/pid;\n"
            f"error_log {self.directory}/error.log;\n"
            "events { worker_connections 16000; }\n"
            "http { access_log off; keepalive_timeout 300;\n"
            f"  server {{ listen 127.0.0.1:{self.port} backlog=4096;\n"
            "    location = / { return 200; }\n"
            "    location = /stream { nchan_subscriber eventsource; nchan_channel_id a; }\n"
            "    location = /publish { nchan_publisher; nchan_channel_id a; nchan_message_buffer_length 50; } } }\n"
        )
        self._run([self.program, "-c", str(config), "-p", str(self.directory)])

    def publish(self, at_ms: int, number: int, text: str) -> None:
        """Send one event."""
        headers = {"X-EventSource-Event": "system_stats", "Content-Type": "application/json"}
        with urllib.request.urlopen(
            urllib.request.Request(f"http://127.0.0.1:{self.port}/publish", text.encode(), headers), timeout=5
        ) as answer:
            answer.read()


@contextmanager
def publishing(publish: Callable[[int, int, str], None], *, interval_s: float = 1.0) -> Iterator[list[int]]:
    """An event each interval, for as long as the block lasts; the numbers that were sent."""
    leaving, sent = threading.Event(), []
    sample = json.loads(make_sample(host="bench").to_json())

    def run() -> None:
        due_mono_s = time.monotonic()
        while not leaving.wait(max(0.0, due_mono_s - time.monotonic())):
            due_mono_s += interval_s
            at_ms, number = time.time_ns() // 1_000_000, len(sent) + 1
            sample.update(at=at_ms / 1000, sent=f"{at_ms}/{number}")
            with contextlib.suppress(OSError, redis.RedisError):  # The server is ending.
                publish(at_ms, number, json.dumps(sample, separators=(",", ":")))
            sent.append(number)

    thread = threading.Thread(target=run)
    thread.start()
    yield sent
    leaving.set()
    thread.join()


def measure(crowd: Swarm, pids: list[int], sent: list[int], seconds: float) -> dict[str, float]:
    """What the events of so many seconds cost the server and how late they were."""
    crowd.reset()
    before = crowd.tell()
    meter, first, begun = Meter({"server": pids}), len(sent), time.monotonic()
    time.sleep(seconds)
    cost, elapsed_s, count = meter.read()["server"], time.monotonic() - begun, len(sent) - first
    seen = crowd.tell()
    return {
        "viewers": seen.open,
        "delivered_share": round((seen.events - before.events) / (seen.open * max(1, count)), 3) if seen.open else 0,
        "gaps": seen.gaps,
        "p50_ms": seen.p50_ms,
        "p99_ms": seen.p99_ms,
        "cpu_ms_per_s": cost.cpu_percent * 10,
        "pss_mb": cost.pss_mb,
        "load_cpu_ms_per_s": (seen.cpu_s - before.cpu_s) / elapsed_s * 1000,
    }


def storm(crowd: Swarm, server: WebServer, count: int) -> dict[str, float]:
    """Cut off everybody at once, and ask for `/healthz` meanwhile."""
    delays_ms: list[float] = []
    leaving = threading.Event()

    def ask() -> None:
        while not leaving.wait(0.05):
            begun = time.monotonic()
            with contextlib.suppress(TimeoutError):  # It counts with the time it took.
                server.get("/healthz", role=None)
            delays_ms.append((time.monotonic() - begun) * 1000)

    asking = threading.Thread(target=ask)
    asking.start()
    time.sleep(2)
    quiet = list(delays_ms)
    crowd.drop()
    back = crowd.wait_for(count, 60)
    leaving.set()
    asking.join()
    during = delays_ms[len(quiet) :]
    seen: Seen = crowd.tell()
    return {
        "back": back,
        "slowest_return_ms": seen.slowest_return_ms,
        "gaps": seen.gaps,
        "refused": seen.refused,
        "healthz_p99_ms": percentile(during, 0.99) if during else -1,
        "healthz_max_ms": max(during, default=-1),
    }


def ours(count: int, seconds: float) -> tuple[dict[str, float], dict[str, float]]:
    """The panel's web process: its steady figures, and those of the storm."""
    limits = {"MAX_STREAMS": "20000", "MAX_STREAMS_PER_USER": "20000"}
    with RedisServer() as store, WebServer(store.url, **limits) as server, redis.Redis.from_url(store.url) as client:

        def publish(at_ms: int, number: int, text: str) -> None:
            client.xadd(keys.SAMPLES, {"host": "bench", "sample": text}, id=f"{at_ms}-{number}")

        head = f"GET /stream HTTP/1.1\nHost: bench\nAuthorization: {server.bearer('super_admin')['Authorization']}\n"
        with publishing(publish) as sent, swarm(server.directory, server.port, count, head) as crowd:
            crowd.wait_for(count, 60)
            time.sleep(2)
            assert server._process is not None
            figures = measure(crowd, family(server._process), sent, seconds)
            crowd.reset()
            return figures, storm(crowd, server, count)


def nchan(count: int, seconds: float) -> dict[str, float]:
    """nginx with nchan."""
    with Nchan() as server, publishing(server.publish) as sent:
        head = "GET /stream HTTP/1.1\nHost: bench\nAccept: text/event-stream\n"
        with swarm(server.directory, server.port, count, head) as crowd:
            crowd.wait_for(count, 60)
            time.sleep(2)
            return measure(crowd, server.pids(), sent, seconds)


def stock(count: int, seconds: float) -> dict[str, float]:
    """flask-sse as it is, under one gevent worker."""
    with Naive() as server, redis.Redis.from_url(server.redis.url) as client:

        def publish(_at_ms: int, _number: int, text: str) -> None:
            client.publish("sse", json.dumps({"data": json.loads(text), "type": "system_stats"}, separators=(",", ":")))

        head = "GET /stream HTTP/1.1\nHost: bench\n"
        with publishing(publish) as sent, swarm(server.directory, server.port, count, head, rate=300) as crowd:
            crowd.wait_for(count, 30)
            assert server._process is not None
            return measure(crowd, family(server._process), sent, seconds)


def main() -> int:
    """Print the table and keep it; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, default=5000)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--alone", action="store_true", help="without peers; nothing is kept")
    arguments = parser.parse_args()
    count, seconds = arguments.viewers, arguments.seconds
    mine, back = ours(count, seconds)
    print(json.dumps({"ours": mine, "storm": back}), flush=True)
    if arguments.alone:
        return 0
    peers = {"nchan": nchan(count, seconds), "stock flask-sse": stock(count, seconds)}
    best = peers["nchan"]

    def figure(name: str, unit: str, key: str, bar: float | None) -> Figure:
        return Figure(
            name=name, unit=unit, ours=mine[key], bar=bar, peers={peer: value[key] for peer, value in peers.items()}
        )

    served = ", ".join(
        f"{peer} {value['viewers']:.0f} × {value['delivered_share']:.0%}" for peer, value in peers.items()
    )
    keep(
        "fanout",
        f"Fan-out to {count} viewers of one web process, 1 event/s, {seconds:g} s",
        [
            Figure(
                name="not served, or not all events", unit="viewers", ours=_unserved(mine, count), bar=0, note=served
            ),
            figure("delay, p50", "ms", "p50_ms", None),
            figure("delay, p99", "ms", "p99_ms", round(1.2 * best["p99_ms"], 1)),
            figure("CPU", "ms/s", "cpu_ms_per_s", round(1.2 * best["cpu_ms_per_s"], 1)),
            figure("memory", "MB PSS", "pss_mb", 160),
            figure("CPU of the load itself", "ms/s", "load_cpu_ms_per_s", None),
            Figure(name="all cut off: not back", unit="viewers", ours=count - back["back"], bar=0),
            Figure(
                name="all cut off: the slowest is back after", unit="s", ours=back["slowest_return_ms"] / 1000, bar=35
            ),
            Figure(name="all cut off: events lost", unit="events", ours=back["gaps"], bar=0),
            Figure(name="all cut off: /healthz, longest", unit="ms", ours=back["healthz_max_ms"], bar=50),
        ],
        ours=mine,
        storm=back,
        **peers,
    )
    return 0


def _unserved(seen: dict[str, float], count: int) -> float:
    return count - seen["viewers"] if seen["delivered_share"] >= 0.999 else count


if __name__ == "__main__":
    sys.exit(main())
