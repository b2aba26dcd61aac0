"""What one more costs, from few to many: hosts, viewers, days of history; and whether the sum of it foretells a load
that none of it was taken from: `make bench-growth`.

Samples are written by the store's own code, at an even pace, each after the question for the containers' reports, as a
tick does. Every figure is CPU time, memory or a count: what else runs on the machine moves them little.
"""

import argparse
import dataclasses
import itertools
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis

from app.accounts.migrations import migrate
from bench.capacity import Capacity
from bench.history import HOST, fill, size_bytes
from bench.meter import cpu_s, pss_mb
from bench.swarm import Swarm, swarm
from bench.table import Figure, keep
from store import keys
from store.database import make_engine
from store.history.history import History
from store.history.steps import MINUTE_S
from store.samples.live import LiveStore
from store.samples.reports import ReportStore
from tests.builders import make_sample
from tests.services import RedisServer, wait_until
from tests.web import WebServer

OF_THE_SCRIPT = {"time", "set", "xadd", "zadd", "zremrangebyscore"}
"""What the one script does inside Redis, and TIME, which goes in one round trip with HGETALL."""

OF_THE_WEB = {"xread", "xinfo|stream", "xrevrange", "zrange", "exists"}
SLOTS = itertools.count()

EVENTS_PER_S = 8
"""What viewers are sent while their number grows. At one a second each frame costs a fifth more: caches are cold."""


class Panel:
    """A web process and its Redis, and how what both have used grows."""

    def __init__(self, store: RedisServer, web: WebServer, client: "redis.Redis") -> None:
        assert store._process is not None
        assert web._process is not None
        self.web = web
        self.client = client
        self.store = LiveStore(client)
        self.reports = ReportStore(client)
        self.worker, self.redis = web._process.children()[0].pid, store._process.pid

    def look(self) -> dict[str, float]:
        """CPU (ms) of both, memory of web and stream; so far: the collector's round trips, the web's reads."""
        stats: dict[str, Any] = self.client.info("commandstats")
        calls = {name.removeprefix("cmdstat_"): int(row["calls"]) for name, row in stats.items()}
        aside = (
            OF_THE_SCRIPT
            | OF_THE_WEB
            | {"info", "auth", "hello", "client|setinfo", "script|load", "select", "memory|usage"}
        )
        return {
            "web_ms": cpu_s(self.worker) * 1000,
            "redis_ms": cpu_s(self.redis) * 1000,
            "redis_bytes": self.client.memory_usage(keys.SAMPLES, samples=0) or 0,
            "web_mb": pss_mb(self.worker),
            "trips": sum(count for name, count in calls.items() if name not in aside),
            "reads": calls.get("xread", 0),
        }

    def write(self, hosts: int, samples_per_s: float, seconds: float) -> int:
        """So many samples a second of so many hosts in turn; how many in all."""
        plain, count = make_sample(), int(samples_per_s * seconds)
        begun = time.monotonic()
        for number in range(count):
            host = f"host-{number % hosts}"
            self.reports.read(host)
            self.store.append(dataclasses.replace(plain, host=host, slot=next(SLOTS), at=time.time()), interval_s=1.5)
            time.sleep(max(0.0, begun + (number + 1) / samples_per_s - time.monotonic()))
        return count

    def used(self, hosts: int, samples_per_s: float, seconds: float) -> dict[str, float]:
        """What such writing costs: a sample each, and under `web_ms_per_s` and `web_mb` the web process as a whole."""
        before, begun = self.look(), time.monotonic()
        count = self.write(hosts, samples_per_s, seconds)
        after, elapsed_s = self.look(), time.monotonic() - begun
        each = {name: (after[name] - before[name]) / count for name in before}
        return {**each, "web_mb": after["web_mb"], "web_ms_per_s": (after["web_ms"] - before["web_ms"]) / elapsed_s}


@contextmanager
def panel(viewers: int = 0) -> Iterator[Panel]:
    """A panel that reads, and so many viewers who look."""
    limits = {"MAX_STREAMS": "20000", "MAX_STREAMS_PER_USER": "20000"}
    with RedisServer() as store, WebServer(store.url, **limits) as web, redis.Redis.from_url(store.url) as client:
        found = Panel(store, web, client)
        found.write(1, 10, 0.5)
        wait_until(lambda: b"fresh" in web.get("/healthz", role=None).body, 10, "the web process reads")
        if not viewers:
            yield found
            return
        head = f"GET /stream HTTP/1.1\nHost: bench\nAuthorization: {web.bearer('super_admin')['Authorization']}\n"
        crowd: Swarm
        with swarm(web.directory, web.port, viewers, head, rate=1000) as crowd:
            assert crowd.wait_for(viewers, 60) == viewers
            yield found


def grow_history(days: float) -> dict[str, float]:
    """What a minute's row and an hour's reading cost (CPU ms), and a day takes (kB), when there are so many days."""
    now_s = time.time() // MINUTE_S * MINUTE_S
    with tempfile.TemporaryDirectory() as directory:
        url = f"sqlite:///{Path(directory) / 'history.sqlite3'}"
        engine = make_engine(url)
        migrate(engine)
        empty = size_bytes(url)
        fill(url, now_s, days)  # type: ignore[arg-type]  # parts of a day as well
        kept = History(engine)
        [*_, newest] = kept.read(HOST, MINUTE_S, since_s=now_s - 600, until_s=now_s, limit=100)
        read_ms = _least_ms(lambda: kept.read(HOST, MINUTE_S, since_s=now_s - 1800, until_s=now_s, limit=100))
        write_ms = _least_ms(lambda: kept.write(HOST, MINUTE_S, [newest]))
        engine.dispose()
        return {"read_ms": read_ms, "write_ms": write_ms, "kb_a_day": (size_bytes(url) - empty) / days / 1024}


def _least_ms(work: Any, rounds: int = 15, times: int = 20) -> float:
    """CPU time of one go (ms): the least of some rounds, which others on the machine have disturbed least."""

    def one_round() -> float:
        begun = time.thread_time()
        for _ in range(times):
            work()
        return (time.thread_time() - begun) / times * 1000

    return min(one_round() for _ in range(rounds))


def is_trimmed(seconds: float) -> float:
    """The stream's memory after twice the retention, times that after one: with a retention of a few seconds."""
    kept, keys.RETENTION_S = keys.RETENTION_S, int(seconds)
    try:
        with panel() as found:
            found.write(20, 200, seconds + 2)
            once = found.look()["redis_bytes"]
            found.write(20, 200, seconds)
            return found.look()["redis_bytes"] / once
    finally:
        keys.RETENTION_S = kept


def main() -> int:
    """Print the table and keep it; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=200)
    parser.add_argument("--viewers", type=int, default=5000)
    parser.add_argument("--days", type=float, default=30)
    parser.add_argument("--seconds", type=float, default=15, help="how long each load lasts")
    options = parser.parse_args()
    rate, seconds = 70.0, options.seconds
    by_hosts: dict[int, dict[str, float]] = {}
    for hosts in (1, options.hosts // 10, options.hosts):
        with panel() as found:
            by_hosts[hosts] = found.used(hosts, rate, seconds)
            print(f"{hosts} hosts: {by_hosts[hosts]}", flush=True)
    by_viewers: dict[int, dict[str, float]] = {}
    for viewers in (1, options.viewers // 5, options.viewers):
        with panel(viewers) as found:
            by_viewers[viewers] = found.used(1, EVENTS_PER_S, seconds)
            print(f"{viewers} viewers: {by_viewers[viewers]}", flush=True)
    by_days = {days: grow_history(days) for days in (1 / 24, 1.0, options.days)}
    capacity = Capacity.fitted(by_hosts, by_viewers, event_per_s=EVENTS_PER_S)
    checked = {"viewers": options.viewers * 2 // 5, "hosts": options.hosts // 4}
    samples_per_s = checked["hosts"] / 3
    with panel(checked["viewers"]) as found:
        measured = found.used(checked["hosts"], samples_per_s, seconds)
    predicted = capacity.foretell(checked["viewers"], samples_per_s)
    figures = [
        *_host_figures(by_hosts, options.hosts),
        Figure(name="Redis memory after two retentions, times one", unit="", ours=is_trimmed(8), bar=1.1),
        *_viewer_figures(capacity),
        *_history_figures(by_days, options.days),
        *capacity.checked(measured, predicted, **checked),
    ]
    title = f"From 1 to {options.hosts} hosts, {options.viewers} viewers, {options.days:g} days of history"
    keep("growth", title, figures, hosts=by_hosts, viewers=by_viewers, days=by_days, capacity=vars(capacity))
    return 0 if all(figure.is_met for figure in figures) else 1


def _host_figures(by_hosts: dict[int, dict[str, float]], most: int) -> list[Figure]:
    many, few = by_hosts[most], by_hosts[most // 10]
    return [
        Figure(name="Redis round trips of a tick", unit="count", ours=many["trips"], bar=2),
        Figure(name="XREADs of a web process a sample", unit="count", ours=many["reads"]),
        Figure(name="Redis memory a sample", unit="bytes", ours=many["redis_bytes"]),
        Figure(name="Redis memory a host, an hour at 3 s", unit="MB", ours=many["redis_bytes"] * 1200 / 2**20),
        *(
            Figure(name=f"{name} CPU a sample, {most} hosts", unit="ms", ours=many[key], bar=1.2 * few[key],
                   note=", ".join(f"{hosts} hosts {row[key]:.3f}" for hosts, row in by_hosts.items()))
            for name, key in (("web", "web_ms"), ("Redis", "redis_ms"))
        ),
    ]  # fmt: skip


def _viewer_figures(capacity: Capacity) -> list[Figure]:
    pairs = (("CPU of an event to a viewer", "µs", capacity.frame_us_by), ("memory of a viewer", "kB", capacity.kb_by))
    return [
        Figure(name=f"{name}, {most} viewers", unit=unit, ours=by[most], bar=1.2 * by[few],
               note=f"{few} viewers {by[few]:.3g}")
        for name, unit, by in pairs
        for few, most in [sorted(by)]
    ]  # fmt: skip


def _history_figures(by_days: dict[float, dict[str, float]], most: float) -> list[Figure]:
    return [
        Figure(name=f"{name}, {most:g} d kept", unit=unit, ours=by_days[most][key], bar=1.2 * by_days[few][key],
               note=", ".join(f"{days:.3g} d {row[key]:.3g}" for days, row in by_days.items()))
        for name, unit, key, few in (
            ("CPU of a minute's row", "ms", "write_ms", 1 / 24),
            ("CPU of reading half an hour", "ms", "read_ms", 1 / 24),
            ("SQL of a host and day", "kB", "kb_a_day", 1.0),
        )
    ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
