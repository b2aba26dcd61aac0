"""What people would run instead, each started on a free port with its package's own defaults.

Only addresses, directories and, where it has one, the interval of 3 s are set.
"""

import sys
import threading
import urllib.request

import psutil

from standalone.packages import Venv
from tests.services import RedisServer, Service, free_port
from tests.web import ROOT

GLANCES = Venv(ROOT / ".venv-glances")
INTERVAL_S = 3


class Peer(Service):
    """A peer that answers HTTP."""

    path = "/"
    extra: psutil.Popen | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}{self.path}"

    def is_ready(self) -> bool:
        """Whether it answers."""
        try:
            with urllib.request.urlopen(self.url, timeout=2) as answer:
                answer.read(1)
        except OSError:
            return False
        return True

    def pids(self) -> list[int]:
        """All its processes."""
        return [process.pid for process in self._processes()]

    def _processes(self) -> list[psutil.Process]:
        return super()._processes() + ([self.extra] if self.extra is not None else [])


class Netdata(Peer):
    """Debian's Netdata with its default plugins, one sample a second, nobody looking."""

    program = "/usr/sbin/netdata"
    path = "/api/v1/info"

    def start(self) -> None:
        """Start it and return once it answers."""
        places = "".join(f"  {name} = {self.directory}\n" for name in ("cache", "lib", "log"))
        config = self.directory / "netdata.conf"
        config.write_text(
            f"[global]\n  run as user = root\n[web]\n  bind to = 127.0.0.1:{self.port}\n[directories]\n{places}"
        )
        self._run([self.program, "-D", "-c", str(config), "-P", str(self.directory / "pid")])


class Glances(Peer):
    """PyPI's Glances as a web server; it measures when it is asked, so it is asked every 3 s."""

    program = str(GLANCES.bin / "glances")
    path = "/api/4/all"

    def start(self) -> None:
        """Start it and a client that polls it, and return once it answers."""
        self._leaving = threading.Event()
        options = ["--disable-check-update", "--disable-webui", "--time", str(INTERVAL_S)]
        self._run([self.program, "-w", "-B", "127.0.0.1", "-p", str(self.port), *options])
        threading.Thread(target=self._poll, daemon=True).start()

    def kill9(self) -> None:
        """End it and its client."""
        if self._process is not None:
            self._leaving.set()
        super().kill9()

    def _poll(self) -> None:
        while not self._leaving.wait(INTERVAL_S):
            self.is_ready()


class Prometheus(Peer):
    """Debian's Prometheus scraping Debian's node_exporter every 3 s, nobody looking."""

    program = "/usr/bin/prometheus"
    path = "/-/ready"

    def start(self) -> None:
        """Start both and return once Prometheus answers."""
        target = f"127.0.0.1:{free_port()}"
        self.extra = self._spawn(["/usr/bin/prometheus-node-exporter", f"--web.listen-address={target}"])
        config = self.directory / "prometheus.yml"
        config.write_text(
            f"global: {{scrape_interval: {INTERVAL_S}s}}\n"
            f"scrape_configs: [{{job_name: node, static_configs: [{{targets: ['{target}']}}]}}]\n"
        )
        address = f"--web.listen-address=127.0.0.1:{self.port}"
        self._run([self.program, f"--config.file={config}", f"--storage.tsdb.path={self.directory}/data", address])


class Naive(Peer):
    """`bench.naive`: beat, a prefork worker of one child, gunicorn with flask-sse, Redis, each with its defaults."""

    program = sys.executable
    path = "/stream"

    def __init__(self, *, workers: int = 1) -> None:
        super().__init__()
        self._workers = workers
        self.redis = RedisServer()
        self._others: list[psutil.Popen] = []

    def start(self) -> None:
        """Start its five processes and one viewer, and return once that has had a sample."""
        self.redis.start()
        environ = {"REDIS_URL": self.redis.url, "PYTHONPATH": str(ROOT)}
        celery = [sys.executable, "-m", "celery", "-A", "bench.naive.tasks:celery"]
        self._others = [
            self._spawn([*celery, "worker", "--concurrency", "1"], environ),
            self._spawn([*celery, "beat", "--schedule", str(self.directory / "schedule")], environ),
        ]
        gunicorn = [sys.executable, "-m", "gunicorn", "-k", "gevent", "-b", f"127.0.0.1:{self.port}"]
        self._run([*gunicorn, "--no-control-socket", "bench.naive.tasks:app"], environ)
        self._viewer = urllib.request.urlopen(self.url, timeout=30)
        threading.Thread(target=self._view, daemon=True).start()

    def is_ready(self) -> bool:
        """Whether a viewer gets a sample."""
        try:
            with urllib.request.urlopen(self.url, timeout=8) as stream:
                return bool(stream.readline())
        except OSError:
            return False

    def stop(self) -> None:
        """End every process."""
        super().stop()
        self.redis.stop()

    def _view(self) -> None:
        while self._viewer.readline():
            pass

    def _processes(self) -> list[psutil.Process]:
        trees = [[each, *each.children(recursive=True)] for each in self._others if each.poll() is None]
        return [*super()._processes(), *(process for tree in trees for process in tree), *self.redis._processes()]
