"""The whole stack, as `make run` starts it, in a directory and on a port of its own."""

import os
import sys

import psutil

from app.accounts.accounts import Accounts
from store.database import make_engine
from tests.logins import EMAIL, PASSWORD
from tests.process import PATIENCE_S
from tests.services import Service, wait_until
from tests.web import ROOT, WebClient

PROGRAMS = ("redis", "collector", "web", "demo")


class Stack(WebClient, Service):
    """Redis, collector with beat, web and the demo worker under their process manager."""

    program = sys.executable
    entry: tuple[str, ...] = ("standalone",)
    """The module that starts it, with its arguments."""

    def __init__(self, **environ: str) -> None:
        super().__init__()
        self.data_dir = self.directory / "data"
        self.environ = {
            "PORT": str(self.port),
            "MONITOR_DATA_DIR": str(self.data_dir),
            "MONITOR_ADMIN_EMAIL": EMAIL,
            "MONITOR_ADMIN_PASSWORD": PASSWORD,
            "PYTHONPATH": str(ROOT),
            **environ,
        }

    @property
    def redis_url(self) -> str:
        """The URL of the panel's own Redis."""
        return f"unix://{self.data_dir / 'redis.sock'}?db=0"

    def start(self) -> None:
        self._run([sys.executable, "-m", *self.entry], self.environ)
        if not self.tokens:
            engine = make_engine(f"sqlite:///{self.data_dir / 'monitor.sqlite3'}")
            self.tokens["super_admin"] = Accounts(engine).tokens.create(EMAIL)[1]
            engine.dispose()

    def is_ready(self) -> bool:
        return self.is_fresh()

    def is_fresh(self) -> bool:
        """Whether `/healthz` has a fresh sample."""
        try:
            return b'"fresh"' in self.get("/healthz", role=None).body
        except OSError:
            return False

    def terminate(self) -> None:
        """Send SIGTERM to the process that was started, as `kill` and service managers do."""
        assert self._process is not None
        self._process.terminate()

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            everything = self._processes()
            self.terminate()
            psutil.wait_procs(everything, timeout=PATIENCE_S)
        super().stop()

    def process(self, name: str) -> psutil.Process:
        """The running process of a program, the first where it has more than one."""
        return self.processes(name)[0]

    def processes(self, name: str) -> list[psutil.Process]:
        """The running processes of a program: gunicorn has two."""
        marks = {"redis": "redis-server", "beat": "collector beat", "collector": "collector worker",
                 "web": "gunicorn", "demo": "demo.app"}  # fmt: skip
        found: list[psutil.Process] = []

        def is_there() -> bool:
            found[:] = [process for process in self._processes() if marks[name] in _command(process)]
            return bool(found)

        wait_until(is_there, what=f"{name} runs")
        return found

    def burst(self, count: int, failing: int = 0) -> None:
        """`make burst`. The worker stands still meanwhile: on a busy machine it could keep up with the sender."""
        command = [sys.executable, "-m", "demo.burst", str(count), str(failing)]
        workers = self.processes("demo")
        for worker in workers:
            worker.suspend()
        try:
            sender = psutil.Popen(command, env={**os.environ, **self.environ}, cwd=ROOT)
            assert sender.wait(PATIENCE_S) == 0
        finally:
            for worker in workers:
                worker.resume()


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return ""
