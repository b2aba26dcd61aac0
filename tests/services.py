"""Real Redis, RabbitMQ and PostgreSQL for the tests: free ports on 127.0.0.1, one temporary directory each.

A service is ready when it has answered a client, never after a pause. `stop()` leaves no process and no file. Where a
server's program is missing, a test is skipped with the reason, and fails where `CI` is set.
"""

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import amqp
import psutil
import psycopg
import pytest
import redis

START_DEADLINE_S = 40.0
"""RabbitMQ needs 4 s on an idle machine; tests share theirs."""


def wait_until(condition: Callable[[], object], deadline_s: float, what: str = "") -> None:
    """Return as soon as `condition()` is true. Raises: AssertionError when it is not within `deadline_s`."""
    end = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < end, f"not within {deadline_s:g} s: {what or condition}"
        time.sleep(0.02)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Service(ABC):
    """A server process and its children. A context manager: starts on entry, stops on exit."""

    program: str
    """The executable, by absolute path or by a name on PATH."""
    user: str | None = None
    """Who runs the server; None = whoever runs the tests."""

    def __init__(self) -> None:
        if shutil.which(self.program) is None:
            (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{self.program} is not installed")
        self.directory = Path(tempfile.mkdtemp(prefix=f"monitor-{type(self).__name__.lower()}-"))
        self.directory.chmod(0o711)  # A server that runs as another user must be able to walk into it.
        self.port = free_port()
        self.password = secrets.token_hex(8)
        self._process: psutil.Popen | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """Where it answers, with user and password."""

    @abstractmethod
    def start(self) -> None:
        """Start it and return once it answers. Data of an earlier run are kept as the service itself keeps them."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether it answers a client."""

    @property
    def log(self) -> Path:
        """What the server wrote to stdout and stderr."""
        return self.directory / "log"

    def stop(self) -> None:
        """End every process and remove the directory. May be called twice."""
        self.kill9()
        shutil.rmtree(self.directory, ignore_errors=True)

    def kill9(self) -> None:
        """End every process at once, as a crash or a power cut does."""
        processes = self._processes()
        for process in processes:
            _signal(process, signal.SIGKILL)
        psutil.wait_procs(processes, timeout=10)
        self._process = None

    def pause(self) -> None:
        """Stop the processes in their tracks: the kernel still accepts connections, nobody answers them."""
        for process in self._processes():
            _signal(process, signal.SIGSTOP)

    def resume(self) -> None:
        """Undo `pause()`."""
        for process in self._processes():
            _signal(process, signal.SIGCONT)

    def _processes(self) -> list[psutil.Process]:
        if self._process is None:
            return []
        try:
            return [self._process, *self._process.children(recursive=True)]
        except psutil.NoSuchProcess:
            return [self._process]

    def _spawn(self, command: Sequence[str], environ: Mapping[str, str] | None = None) -> psutil.Popen:
        with self.log.open("ab") as log:
            return psutil.Popen(
                command,
                env={**os.environ, **(environ or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                user=self.user,
                group=self.user,
                extra_groups=[] if self.user else None,
            )

    def _run(self, command: Sequence[str], environ: Mapping[str, str] | None = None) -> None:
        self._process = self._spawn(command, environ)
        try:
            wait_until(self._is_ready_or_dead, START_DEADLINE_S, f"{self.program} answers")
        except AssertionError:
            self.kill9()
            raise

    def _is_ready_or_dead(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            tail = self.log.read_text(errors="replace")[-2000:]
            raise RuntimeError(f"{self.program} ended while starting:\n{tail}")
        return self.is_ready()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class RedisServer(Service):
    """Redis with a password, without persistence: a restart loses the data."""

    program = "redis-server"

    @property
    def url(self) -> str:
        """Database 0."""
        return self.url_of(0)

    def url_of(self, database: int) -> str:
        """The URL of one of its 16 databases."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/{database}"

    @property
    def unix_url(self) -> str:
        """Database 0 by its Unix socket."""
        return f"unix://:{self.password}@{self.directory}/socket?db=0"

    def start(self) -> None:
        """Start it and return once it answers."""
        config = self.directory / "redis.conf"
        config.write_text(
            f"bind 127.0.0.1\nport {self.port}\nunixsocket {self.directory}/socket\nrequirepass {self.password}\n"
            f'dir {self.directory}\nsave ""\nappendonly no\n'
        )
        self._run([self.program, str(config)])

    def is_ready(self) -> bool:
        """Whether it answers PING."""
        with redis.Redis(port=self.port, password=self.password, socket_timeout=2) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False


class RabbitServer(Service):
    """RabbitMQ with an epmd of its own, so that it neither sees nor disturbs another one on the machine."""

    program = next(map(str, Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmq-server")), "rabbitmq")
    # Deliberate: not /usr/sbin/rabbitmq-server, Debian's wrapper, which insists on the user rabbitmq and its paths.

    def __init__(self) -> None:
        super().__init__()
        self._epmd: psutil.Popen | None = None
        self._epmd_port = free_port()
        self._distribution_port = free_port()

    @property
    def url(self) -> str:
        """Virtual host `/`, as a user who may do everything."""
        return f"amqp://monitor:{self.password}@127.0.0.1:{self.port}//"

    def start(self) -> None:
        """Start it and return once it answers."""
        here = self.directory
        (here / "plugins").write_text("[].\n")
        (here / "rabbitmq.conf").write_text(
            f"listeners.tcp.default = 127.0.0.1:{self.port}\ndefault_user = monitor\n"
            f"default_pass = {self.password}\ndisk_free_limit.absolute = 1MB\n"
        )
        environ = {
            "HOME": str(here),  # The Erlang cookie is kept there.
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"monitor-{self.port}@localhost",
            "RABBITMQ_DIST_PORT": str(self._distribution_port),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_CONFIG_FILE": str(here / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(here / "plugins"),
            "RABBITMQ_MNESIA_BASE": str(here / "data"),
            "RABBITMQ_LOG_BASE": str(here / "logs"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_PID_FILE": str(here / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none -start_epmd false",
        }
        self._epmd = self._spawn(["epmd", "-port", str(self._epmd_port), "-address", "127.0.0.1"])
        self._run([self.program], environ)

    def is_ready(self) -> bool:
        """Whether it lets its user in."""
        try:
            with amqp.Connection(f"127.0.0.1:{self.port}", "monitor", self.password, connect_timeout=2, read_timeout=5):
                return True
        except (OSError, amqp.AMQPError):
            return False

    def _processes(self) -> list[psutil.Process]:
        return super()._processes() + ([self._epmd] if self._epmd is not None else [])


class PostgresServer(Service):
    """PostgreSQL with password authentication; as user `postgres` where the tests run as root, which it refuses."""

    program = next(map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))), "postgres")
    user = "postgres" if os.geteuid() == 0 and "postgres" in {entry.pw_name for entry in pwd.getpwall()} else None

    @property
    def url(self) -> str:
        """Database `postgres`, as its superuser."""
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        """The URL of one database."""
        return f"postgresql+psycopg://monitor:{self.password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start it, the first time with a fresh cluster, and return once it answers."""
        data = self.directory / "data"
        if not data.exists():
            self._make_cluster(data)
        # fsync off: nothing here has to survive a power cut, and it triples the speed.
        options = ["-p", str(self.port), "-k", str(data), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
        self._run([self.program, "-D", str(data), *options])

    def is_ready(self) -> bool:
        """Whether it lets its user in."""
        try:
            with self.connect():
                return True
        except psycopg.OperationalError:
            return False

    def connect(self) -> "psycopg.Connection[tuple[object, ...]]":
        """A connection of its superuser, in autocommit."""
        return psycopg.connect(self.url.replace("+psycopg", ""), connect_timeout=2, autocommit=True)

    def _make_cluster(self, data: Path) -> None:
        data.mkdir()
        secret = self.directory / "password"
        secret.write_text(self.password)
        if self.user:
            shutil.chown(data, self.user, self.user)
            shutil.chown(secret, self.user, self.user)
        initdb = str(Path(self.program).with_name("initdb"))
        options = ["-D", str(data), "-U", "monitor", "--pwfile", str(secret), "-A", "scram-sha-256", "--no-sync"]
        made = self._spawn([initdb, *options, "-E", "UTF8", "--locale=C.UTF-8"])
        assert made.wait(timeout=START_DEADLINE_S) == 0, self.log.read_text()[-2000:]


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(number)


class CeleryWorker(Service):
    """A worker of the stock kind on one queue, as the watched application has them, without an app of its own."""

    program = sys.executable

    def __init__(self, broker_url: str, queue: str) -> None:
        super().__init__()
        self._broker_url = broker_url
        self._queue = queue

    @property
    def url(self) -> str:
        """Its broker's."""
        return self._broker_url

    def start(self) -> None:
        """Start it and return once it consumes."""
        options = [
            "-Q",
            self._queue,
            "-P",
            "solo",
            "-n",
            f"{secrets.token_hex(4)}@test",
            "--without-mingle",
            "-l",
            "INFO",
        ]
        # It runs in its own directory, where no celeryconfig.py lies that the default app would read.
        self._run([self.program, "-m", "celery", "worker", *options], {"CELERY_BROKER_URL": self._broker_url})

    def is_ready(self) -> bool:
        """Whether it has said so."""
        return " ready." in self.log.read_text()
