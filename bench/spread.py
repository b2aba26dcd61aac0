"""Several hosts through one Redis to two web processes behind nginx, for real: `make bench-spread`. Needs root.

Each host is a network namespace with a collector and a beat of its own; viewers come through nginx. Beside the hosts'
samples, numbered ones are written, by which the viewers tell whether any is missing. Then one web process is killed.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import redis

from bench import namespaces
from bench.fanout import publishing
from bench.peers import Peer
from bench.swarm import swarm
from bench.table import Figure, keep
from store import keys
from tests.process import Service
from tests.services import RedisServer, wait_until
from tests.web import ROOT, SECRET_KEY, WebClient, WebServer

LIMITS = {"MAX_STREAMS": "20000", "MAX_STREAMS_PER_USER": "20000"}


class Balancer(WebClient, Peer):
    """nginx before several web processes, as docs/operations.md shows it."""

    program = "/usr/sbin/nginx"
    path = "/livez"

    def __init__(self, ports: list[int]) -> None:
        super().__init__()
        self._ports = ports

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and return once a panel answers through it."""
        servers = " ".join(f"server 127.0.0.1:{port};" for port in self._ports)
        config = self.directory / "nginx.conf"
        config.write_text(
            f"daemon off; worker_processes 1; worker_rlimit_nofile 20000; pid {self.directory}/pid;\n"
            f"error_log {self.directory}/error.log;\nevents {{ worker_connections 16000; }}\n"
            f"http {{ access_log off; upstream panel {{ least_conn; {servers} }}\n"
            f"  server {{ listen 127.0.0.1:{self.port} backlog=4096; proxy_http_version 1.1;\n"
            "    location / { proxy_pass http://panel; }\n"
            "    location = /stream { proxy_pass http://panel; proxy_buffering off; proxy_read_timeout 60s; } } }\n"
        )
        self._run([self.program, "-c", str(config), "-p", str(self.directory), "-e", "stderr"])


class Collector(Service):
    """A host's collector and beat, on a machine of its own."""

    program = sys.executable

    def __init__(self, machine: namespaces.Machine, redis_url: str, database_url: str) -> None:
        super().__init__()
        self._machine = machine
        self._beat: psutil.Popen | None = None
        self._environ = {
            "REDIS_URL": redis_url,
            "DATABASE_URL": database_url,
            "MONITOR_HOST": machine.name,
            "SECRET_KEY": SECRET_KEY,
            "PYTHONPATH": str(ROOT),
        }

    @property
    def url(self) -> str:
        """It answers nothing."""
        return ""

    def start(self) -> None:
        """Start both."""
        self._beat = self._spawn(self._machine.inside([sys.executable, "-m", "collector", "beat"]), self._environ)
        self._run(self._machine.inside([sys.executable, "-m", "collector", "worker"]), self._environ)

    def is_ready(self) -> bool:
        """Whether its worker runs; that it samples is seen on the page."""
        return self._process is not None and self._process.is_running()

    def _processes(self) -> list[psutil.Process]:
        return super()._processes() + ([self._beat] if self._beat is not None else [])


@contextmanager
def panels(redis_url: str) -> Iterator[list[WebServer]]:
    """Two web processes on one database."""
    first, second = WebServer(redis_url, **LIMITS), WebServer(redis_url, **LIMITS)
    second.environ["DATABASE_URL"] = first.database_url
    with first, second:
        yield [first, second]


def count_streams(web: WebServer) -> int:
    """How many connections it has open."""
    return sum(
        link.status == psutil.CONN_ESTABLISHED and link.laddr.port == web.port
        for process in web._processes()
        for link in process.net_connections("tcp")
    )


def fresh_hosts(front: WebClient) -> set[str]:
    """The hosts with a new sample, as a script sees them through nginx."""
    return {row["host"] for row in front.get("/api/hosts").json["hosts"] if row["age_s"] < 9}


def main() -> int:
    """Print the table and keep it; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, default=400)
    parser.add_argument("--hosts", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=15)
    options = parser.parse_args()
    namespaces.enter()
    with ExitStack() as stack:
        server = stack.enter_context(RedisServer())
        client = stack.enter_context(redis.Redis.from_url(server.url))
        client.config_set("bind", f"127.0.0.1 {namespaces.ADDRESS}")
        webs = stack.enter_context(panels(server.url))
        front = stack.enter_context(Balancer([web.port for web in webs]))
        front.tokens = webs[0].tokens
        names = set()
        for number in range(1, options.hosts + 1):
            machine = namespaces.Machine(number)
            stack.callback(machine.end)
            far_url = server.url.replace("127.0.0.1", namespaces.ADDRESS)
            stack.enter_context(Collector(machine, far_url, webs[0].database_url))
            names.add(machine.name)
        wait_until(lambda: names <= fresh_hosts(front), 30, "every host has written")
        figures = _measure(options, front, webs, client)
        still_fresh = len(names & fresh_hosts(front))
    figures.append(
        Figure(name="hosts that are silent at the end", unit="count", ours=options.hosts - still_fresh, bar=0)
    )
    title = f"{options.hosts} hosts, one Redis, 2 web processes behind nginx, {options.viewers} viewers; one is killed"
    keep("spread", title, figures)
    return 0 if all(figure.is_met for figure in figures) else 1


def _measure(
    options: argparse.Namespace, front: Balancer, webs: list[WebServer], client: "redis.Redis"
) -> list[Figure]:
    """What viewers have seen before and after the first web process is killed."""

    def publish(at_ms: int, number: int, text: str) -> None:
        client.xadd(keys.SAMPLES, {"host": "numbered", "sample": text}, id=f"{at_ms}-{number}")

    head = f"GET /stream HTTP/1.1\nHost: bench\nAuthorization: {front.bearer('super_admin')['Authorization']}\n"
    with publishing(publish) as sent, swarm(Path(front.directory), front.port, options.viewers, head) as crowd:
        assert crowd.wait_for(options.viewers, 30) == options.viewers
        shares = [count_streams(web) for web in webs]
        crowd.reset()
        first = len(sent)
        time.sleep(options.seconds)
        seen, due = crowd.tell(), options.viewers * (len(sent) - first - 1)
        webs[0].kill9()
        wait_until(lambda: crowd.tell().open < options.viewers, 10, "the viewers of one process are cut off")
        back, then = crowd.wait_for(options.viewers, 35), crowd.tell()
        time.sleep(3)
        last, taken_over = crowd.tell(), count_streams(webs[1])
    return [
        Figure(name="the smaller share of the viewers, less than half by", unit="viewers",
               ours=options.viewers / 2 - min(shares), bar=options.viewers / 10),
        Figure(name="events that did not come", unit="events", ours=max(0, due - seen.events), bar=0),
        Figure(name="delay, p99", unit="ms", ours=seen.p99_ms),
        Figure(name="one killed: not back", unit="viewers", ours=options.viewers - back, bar=0),
        Figure(name="one killed: the slowest is back after", unit="s", ours=then.slowest_return_ms / 1000, bar=35),
        Figure(name="one killed: events lost", unit="events", ours=last.gaps, bar=0),
        Figure(name="one killed: streams of the other, missing", unit="viewers",
               ours=max(0, options.viewers - taken_over), bar=0),
    ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
