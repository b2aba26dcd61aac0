"""A day in a quarter of an hour: samples every 30 ms, and nothing may grow: `make soak`.

28,800 samples are a day of them. Memory and open files of every process, the keys in Redis, and whether every slot has
its sample. The first fifth does not count: caches, pools and the stream's hour fill.
"""

import argparse
import sys
import time

import psutil
import redis

from bench.meter import pss_mb
from bench.table import Figure, keep
from bench.watched import one_viewer, watching_stack
from collector.store import keys
from tests.stack import Stack

NAMES = ("collector", "web", "redis")


def main() -> int:
    """Print the table and keep it; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=864)
    parser.add_argument("--interval", type=float, default=0.03, help="s between two samples")
    arguments = parser.parse_args()
    with watching_stack(SAMPLE_INTERVAL_S=str(arguments.interval)) as stack, one_viewer(stack) as ids:
        time.sleep(arguments.seconds / 5)
        first, seen, begun = _look(stack), len(ids), time.monotonic()
        time.sleep(arguments.seconds * 4 / 5)
        last, due = _look(stack), (time.monotonic() - begun) / arguments.interval
        came = len(ids) - seen
    figures = [
        Figure(name="samples missing on the stream", unit="%", ours=max(0.0, 1 - came / due) * 100, bar=0.1),
        *(
            Figure(name=f"{name}: memory gained", unit="%", ours=(last[name][0] / first[name][0] - 1) * 100, bar=5)
            for name in NAMES
            if name != "redis"
        ),
        *(
            Figure(name=f"{name}: open files gained", unit="count", ours=last[name][1] - first[name][1], bar=2)
            for name in NAMES
        ),
        Figure(name="keys gained, slots aside", unit="count", ours=last["keys"][0] - first["keys"][0], bar=2),
    ]
    keep("soak", f"{came} samples in {arguments.seconds:g} s", figures, first=first, last=last)
    return 0 if all(figure.is_met for figure in figures) else 1


def _look(stack: Stack) -> dict[str, tuple[float, int]]:
    """Of each program its PSS (MB) and open files; under `keys` how many there are, without the slots' claims."""
    found: dict[str, tuple[float, int]] = {}
    for name in NAMES:
        pids = [process.pid for process in stack.processes(name)]
        found[name] = sum(map(pss_mb, pids)), sum(psutil.Process(pid).num_fds() for pid in pids)
    with redis.Redis.from_url(stack.redis_url) as client:
        claims = keys.slot("", 0).rpartition(":")[0].rstrip(":")
        found["keys"] = sum(not key.decode().startswith(claims) for key in client.scan_iter()), 0
    return found


if __name__ == "__main__":
    sys.exit(main())
