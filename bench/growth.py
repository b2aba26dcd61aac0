"""What each further host costs the web process and Redis: `make bench-growth`.

Samples of 1, 20 and 200 hosts are written by the store's own code for an hour's worth of slots, or as many as asked.
"""

import argparse
import dataclasses
import sys
import time

import redis

from bench.meter import cpu_s
from bench.table import Figure, keep
from collector.store.live import LiveStore
from tests.builders import make_sample
from tests.services import RedisServer, wait_until
from tests.web import WebServer


def main() -> int:
    """Print the table and keep it; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=200)
    parser.add_argument("--slots", type=int, default=20, help="samples of each host")
    arguments = parser.parse_args()
    few, many = (_measure(hosts, arguments.slots) for hosts in (arguments.hosts // 10, arguments.hosts))
    keep(
        "growth",
        f"From {arguments.hosts // 10} hosts to {arguments.hosts}, {arguments.slots} samples each",
        [
            Figure(name="Redis round trips a sample", unit="count", ours=many["commands"], bar=2),
            Figure(name="Redis memory a sample", unit="bytes", ours=many["bytes"]),
            Figure(name="Redis memory a host, an hour at 3 s", unit="MB", ours=many["bytes"] * 1200 / 2**20),
            Figure(name="web CPU a sample", unit="ms", ours=many["web_ms"]),
            Figure(name="web CPU a sample, times that of few", unit="", ours=many["web_ms"] / few["web_ms"], bar=1.2),
            Figure(name="Redis CPU a sample", unit="ms", ours=many["redis_ms"]),
            Figure(
                name="Redis CPU a sample, times that of few", unit="", ours=many["redis_ms"] / few["redis_ms"], bar=1.2
            ),
        ],
        few=few,
        many=many,
    )
    return 0


def _measure(hosts: int, slots: int) -> dict[str, float]:
    with RedisServer() as server, WebServer(server.url) as web, redis.Redis.from_url(server.url) as client:
        store = LiveStore(client)
        plain = make_sample(host="warm-up")
        store.append(plain)
        wait_until(lambda: b"fresh" in web.get("/healthz", role=None).body, 5, "the web process reads")
        assert web._process is not None
        assert server._process is not None
        worker = web._process.children()[0].pid
        before = client.info("memory")["used_memory"], cpu_s(worker), cpu_s(server._process.pid)
        commands = client.info("commandstats")
        for slot in range(slots):
            for host in range(hosts):
                at = time.time()
                store.append(dataclasses.replace(plain, host=f"host-{host}", slot=slot, at=at), claim_s=60)
        newest = store.last_id()
        with web.stream(f"/stream?after={newest}") as stream:
            stream.next("hosts")
        count = hosts * slots
        calls = client.info("commandstats")["cmdstat_evalsha"]["calls"] - commands["cmdstat_evalsha"]["calls"]
        after = client.info("memory")["used_memory"], cpu_s(worker), cpu_s(server._process.pid)
    return {
        "commands": calls / count,
        "bytes": (after[0] - before[0]) / count,
        "web_ms": (after[1] - before[1]) / count * 1000,
        "redis_ms": (after[2] - before[2]) / count * 1000,
    }


if __name__ == "__main__":
    sys.exit(main())
