"""What it costs the collector to know the workers, in CPU time of its threads: `make bench-workers`.

Real workers of Celery, which run a task now and then, on RabbitMQ and on Redis.
"""

import argparse
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from celery import Celery

from collector.probes.events.listener import EventListener
from collector.probes.workers.inspect_backoff import InspectTimes
from collector.probes.workers.worker_inspect import WorkerInspector
from collector.workload.tables import WorkerTables
from settings.broker_options import BrokerOptions
from tests.celery_application import Application
from tests.services import RabbitServer, RedisServer, wait_until

QUEUE = "dispatch"
INTERVAL_S = 3.0


def main() -> int:
    """Print, for each broker, what each part takes of a core."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--workers", type=int, default=10)
    options = parser.parse_args()
    for server in (RabbitServer(), RedisServer()):
        with server, _workers(server.url, options.workers):
            _measure(server.url, options.workers, options.seconds)
    return 0


@contextmanager
def _workers(url: str, count: int) -> Iterator[None]:
    with ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(Application(url, QUEUE))
        yield


def _measure(url: str, count: int, seconds: float) -> None:
    inspector = WorkerInspector(url, [QUEUE], BrokerOptions(), InspectTimes())
    inspector.follow(0, is_worthwhile=True)
    inspector.start()
    listener = EventListener(url, BrokerOptions(), exchange="celeryev")
    listener.start()
    tables = WorkerTables([QUEUE], asked=inspector, listener=listener, interval_s=INTERVAL_S)
    try:
        wait_until(lambda: sum(each.stats is not None for each in inspector.answers().values()) == count, 60)
        before, begun_s, joining_s, longest = _spent(), time.monotonic(), 0.0, 0
        while time.monotonic() - begun_s < seconds:
            _run_a_task(url)
            at_s = time.thread_time()
            tables.crew(time.monotonic())
            if tables.is_due():
                longest = max(longest, len(tables.workload(time.monotonic()).to_json()))
            joining_s += time.thread_time() - at_s
            time.sleep(INTERVAL_S)
        elapsed_s = time.monotonic() - begun_s
        print(f"{url.partition(':')[0]}, {count} workers, {elapsed_s:.0f} s: {tables.crew(time.monotonic())}")
        for name, spent_s in {**_since(before), "join, tables": joining_s}.items():
            print(f"  {name:24} {100 * spent_s / elapsed_s:7.3f} % of a core")
        print(f"  longest tables           {longest:7} bytes")
    finally:
        listener.stop()
        inspector.stop()


def _run_a_task(url: str) -> None:
    with Celery(broker=url) as app:
        app.send_task("work", ("/dev/null", "/"), queue=QUEUE, ignore_result=True)


def _spent() -> dict[str, float]:
    """CPU time of this process' threads (s), by name."""
    tasks = {thread.name: Path(f"/proc/self/task/{thread.native_id}/schedstat") for thread in threading.enumerate()}
    return {name: int(file.read_text().split()[0]) / 1e9 for name, file in tasks.items() if file.exists()}


def _since(before: dict[str, float]) -> dict[str, float]:
    return {name: spent - before[name] for name, spent in _spent().items() if name in before and name != "MainThread"}


if __name__ == "__main__":
    sys.exit(main())
