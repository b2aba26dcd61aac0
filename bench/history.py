"""How soon `/api/history` answers out of 30 days of one host, from SQLite and from PostgreSQL: `make bench-history`.

A real web process and a real Redis; the database is filled by the code that the collector uses. Beside the questions
`/healthz` is asked without a pause: what it waits is what every other request of the process waits.
"""

import argparse
import gzip
import json
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import sqlalchemy as sa

from bench.figures import percentile
from bench.table import Figure, keep
from store.database import make_engine, reading
from store.history.steps import FIGURES, MINUTE_S, Step, begin
from store.samples.live import LiveStore, redis_client
from tests import past
from tests.builders import make_sample
from tests.logins import Answer
from tests.services import PostgresServer, RedisServer
from tests.web import WebServer

HOST = "web-1"
DAY_S = 86_400
BAR_P95_MS = 50
RANGES = {"24h": DAY_S, "7d": 7 * DAY_S, "30d": 30 * DAY_S}


def fill(database_url: str, now_s: float, days: int) -> None:
    """Every minute of so many days, with a mark in one of ten, and the longer steps made of them."""
    figures = random.Random(1)
    past.keep(
        database_url,
        HOST,
        [_minute(at, figures) for at in range(begin(now_s - days * DAY_S, 3600), begin(now_s, MINUTE_S), MINUTE_S)],
    )


def _minute(at: int, figures: random.Random) -> Step:
    numbers: list[float] = []
    for _ in FIGURES:
        low, high = sorted((round(figures.uniform(0, 5000), 1), round(figures.uniform(0, 5000), 1)))
        numbers += (past.SAMPLES_A_MINUTE, low, round(past.SAMPLES_A_MINUTE * (low + high) / 2, 3), high)
    marks = [{"kind": "burst", "peak": 150, "at": at + 3.012}] if figures.random() < 0.1 else []
    return Step(at, past.SAMPLES_A_MINUTE, numbers, marks)


def size_bytes(database_url: str) -> int:
    """What the table and its indexes take."""
    engine = make_engine(database_url)
    with reading(engine) as connection:
        if engine.dialect.name == "postgresql":
            return int(connection.execute(sa.text("SELECT pg_total_relation_size('history')")).scalar_one())
        connection.execute(sa.text("PRAGMA wal_checkpoint(TRUNCATE)"))
    engine.dispose()
    return Path(str(engine.url.database)).stat().st_size


def timed(ask: Callable[[], object]) -> float:
    """How long it takes, in ms."""
    started_s = time.perf_counter()
    ask()
    return (time.perf_counter() - started_s) * 1000


def ask(web: WebServer, path: str) -> Answer:
    """Ask as a browser does, which takes gzip."""
    return web.get(path, **{"Accept-Encoding": "gzip"})


def cpu_ms(web: WebServer) -> float:
    """What the web processes have used of the CPU: the figure that a busy machine does not spoil."""
    return sum(sum(process.cpu_times()[:2]) for process in web._processes()) * 1000


def measure(name: str, web: WebServer, count: int) -> Iterator[Figure]:
    """The figure of each range."""
    for label, span_s in RANGES.items():
        path = f"/api/history?host={HOST}&since={time.time() - span_s:.0f}"
        answer = ask(web, path)
        rows = len(json.loads(gzip.decompress(answer.body))["columns"][0])
        before_ms = cpu_ms(web)
        alone = [timed(lambda path=path: ask(web, path)) for _ in range(count)]
        spent_ms = (cpu_ms(web) - before_ms) / count
        healthz_ms, stopping = [0.0], threading.Event()

        def listen(waits: list[float], ended: threading.Event) -> None:
            while not ended.is_set():
                waits.append(timed(lambda: web.get("/healthz", role=None)))

        listener = threading.Thread(target=listen, args=(healthz_ms, stopping))
        listener.start()
        for _ in range(count // 4):
            ask(web, path)
        stopping.set()
        listener.join()
        size_kib = len(answer.body) / 1024
        p50_ms, p95_ms = percentile(alone, 0.5), percentile(alone, 0.95)
        note = (
            f"p50 {p50_ms:.1f} ms, CPU {spent_ms:.1f} ms, {rows} rows, {size_kib:.0f} KiB;"
            f" /healthz beside it p95 {percentile(healthz_ms, 0.95):.1f} ms"
        )
        yield Figure(name=f"{label} out of {name}, p95", unit="ms", ours=p95_ms, bar=BAR_P95_MS, note=note)


def main() -> int:
    """Keep the figures; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--days", type=int, default=30)
    arguments = parser.parse_args()
    figures: list[Figure] = []
    with RedisServer() as redis_server, PostgresServer() as postgres, redis_client(redis_server.url) as client:
        LiveStore(client).append(make_sample(host=HOST))
        for name, environ in (("SQLite", {}), ("PostgreSQL", {"DATABASE_URL": postgres.url})):
            with WebServer(redis_server.url, **environ) as web:
                before = size_bytes(web.database_url)
                fill(web.database_url, time.time(), arguments.days)
                a_day = (size_bytes(web.database_url) - before) / arguments.days
                figures += measure(name, web, arguments.count)
                figures.append(Figure(name=f"a day and host in {name}", unit="KiB", ours=a_day / 1024))
    keep("history", f"{arguments.days} days of a host's history", figures)
    return 0 if all(figure.is_met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
