"""Real Redis, RabbitMQ and PostgreSQL for the tests: free ports on 127.0.0.1, one temporary directory each.

A service is ready when it has answered a client, never after a pause. `stop()` leaves no process and no file. Where a
server's program is missing, a test is skipped with the reason, and fails where `CI` is set.
"""

import os
import pwd
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import amqp
import psutil
import psycopg
import redis

from tests.process import PATIENCE_S, Service, free_port, wait_until

__all__ = ["CeleryWorker", "PostgresServer", "RabbitServer", "RedisServer", "free_port", "wait_until"]


class RedisServer(Service):
    """Redis with a password, without persistence: a restart loses the data."""

    program = "redis-server"
    more_configuration = ""
    """Lines of redis.conf beside those that every test needs."""

    def __init__(self, wrap: Sequence[str] = ()) -> None:
        """`wrap`: what its command begins with."""
        super().__init__()
        self._wrap = wrap

    @property
    def url(self) -> str:
        """The URL of database 0."""
        return self.url_of(0)

    def url_of(self, database: int) -> str:
        """The URL of one of its 16 databases."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/{database}"

    @property
    def unix_url(self) -> str:
        """The URL of database 0 by its Unix socket."""
        return f"unix://:{self.password}@{self.directory}/socket?db=0"

    def start(self) -> None:
        """Start it and return once it answers."""
        config = self.directory / "redis.conf"
        config.write_text(
            f"bind 127.0.0.1\nport {self.port}\nunixsocket {self.directory}/socket\nrequirepass {self.password}\n"
            f'dir {self.directory}\nsave ""\nappendonly no\n{self.more_configuration}'
        )
        self._run([*self._wrap, self.program, str(config)])

    def is_ready(self) -> bool:
        """Whether it answers PING."""
        with redis.Redis(port=self.port, password=self.password, socket_timeout=2, protocol=2) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False


class RabbitServer(Service):
    """RabbitMQ and its management API, with an epmd of its own, apart from any other RabbitMQ of the machine.

    It renews the API's figures every second, not every 5 s as by default.
    """

    # Deliberate: not /usr/sbin/rabbitmq-server, Debian's wrapper, which insists on the user rabbitmq and its paths.
    program = os.environ.get("RABBITMQ_PROGRAM") or next(
        map(str, Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmq-server")), "rabbitmq"
    )
    """The one that RABBITMQ_PROGRAM names, else Debian's. `rabbitmqctl` lies beside it."""
    more_configuration = ""
    """Lines of rabbitmq.conf beside those that every test needs."""

    def __init__(self) -> None:
        super().__init__()
        self._epmd: psutil.Popen | None = None
        self._epmd_port = free_port()
        self._distribution_port = free_port()
        self._management_port = free_port()
        self._environ: dict[str, str] = {}

    @property
    def url(self) -> str:
        """The URL of virtual host `/`, as an administrator."""
        return f"amqp://monitor:{self.password}@127.0.0.1:{self.port}//"

    @property
    def management_url(self) -> str:
        """The URL of the management API, as the same user."""
        return f"http://monitor:{self.password}@127.0.0.1:{self._management_port}"

    def ctl(self, *arguments: str) -> None:
        """Run `rabbitmqctl`, which takes half a second."""
        program = str(Path(self.program).with_name("rabbitmqctl"))
        environ = {**os.environ, **self._environ}
        subprocess.run(
            [program, "--quiet", *arguments], env=environ, check=True, capture_output=True, timeout=PATIENCE_S
        )

    def start(self) -> None:
        """Start it and return once it answers."""
        here = self.directory
        (here / "plugins").write_text("[rabbitmq_management].\n")
        (here / "rabbitmq.conf").write_text(
            f"listeners.tcp.default = 127.0.0.1:{self.port}\ndefault_user = monitor\n"
            f"default_pass = {self.password}\ndisk_free_limit.absolute = 1MB\n"
            f"management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {self._management_port}\n"
            "collect_statistics_interval = 1000\nmanagement.sample_retention_policies.basic.minute = 1\n"
            "management.sample_retention_policies.detailed.minute = 1\n"
            f"management.sample_retention_policies.global.minute = 1\n{self.more_configuration}"
        )
        self._environ = {
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
        self._run([self.program], self._environ)

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
    """PostgreSQL with password authentication. It refuses root: then it runs as user `postgres`."""

    program = next(map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))), "postgres")
    user = "postgres" if os.geteuid() == 0 and "postgres" in {entry.pw_name for entry in pwd.getpwall()} else None
    more_options: tuple[str, ...] = ()
    """Options of the command line beside those that every test needs."""

    @property
    def url(self) -> str:
        """The URL of database `postgres`, as superuser."""
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
        options = [
            "-p",
            str(self.port),
            "-k",
            str(data),
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "fsync=off",
            *self.more_options,
        ]
        self._run([self.program, "-D", str(data), *options])

    def is_ready(self) -> bool:
        """Whether it lets its user in."""
        try:
            with self.connect():
                return True
        except psycopg.OperationalError:
            return False

    def connect(self) -> "psycopg.Connection[tuple[object, ...]]":
        """A connection as superuser, in autocommit."""
        return psycopg.connect(self.url.replace("+psycopg", ""), connect_timeout=2, autocommit=True)

    def _make_cluster(self, data: Path) -> None:
        """A copy of a cluster that is made once a run, with another password: initdb takes a second of CPU."""
        subprocess.run(["cp", "-a", f"{_empty_cluster().name}/data", str(data)], check=True)
        self._work_on_files(
            [self.program, "--single", "-D", str(data), "postgres"], f"ALTER ROLE monitor PASSWORD '{self.password}'\n"
        )

    @classmethod
    def _work_on_files(cls, command: list[str], statement: str = "") -> None:
        subprocess.run(
            command, input=statement, text=True, cwd="/", user=cls.user, group=cls.user,
            extra_groups=[] if cls.user else None, check=True, capture_output=True, timeout=PATIENCE_S,
        )  # fmt: skip

    @classmethod
    def make_empty_cluster(cls, data: Path) -> None:
        """A cluster without a server and with a password that nobody knows."""
        data.mkdir()
        secret = data.with_name("password")
        secret.write_text(secrets.token_hex(8))
        for path in (data, secret) if cls.user else ():
            shutil.chown(path, cls.user, cls.user)
        initdb = str(Path(cls.program).with_name("initdb"))
        options = ["-D", str(data), "-U", "monitor", "--pwfile", str(secret), "-A", "scram-sha-256", "--no-sync"]
        cls._work_on_files([initdb, *options, "-E", "UTF8", "--locale=C.UTF-8"])


_cluster_lock = threading.Lock()
"""`cache` alone lets two threads make one each, and the directory that loses is removed while it is copied."""


def _empty_cluster() -> "tempfile.TemporaryDirectory[str]":
    """A directory for it until this process ends."""
    with _cluster_lock:
        return _make_empty_cluster()


@cache
def _make_empty_cluster() -> "tempfile.TemporaryDirectory[str]":
    directory = tempfile.TemporaryDirectory(prefix="monitor-cluster-")
    Path(directory.name).chmod(0o711)
    PostgresServer.make_empty_cluster(Path(directory.name, "data"))
    return directory


class CeleryWorker(Service):
    """A stock Celery worker on one queue, without an application of its own, solo."""

    program = sys.executable
    application: tuple[str, ...] = ()
    """Options that name its application."""
    options: tuple[str, ...] = ("--without-mingle",)

    def __init__(self, broker_url: str, queue: str) -> None:
        super().__init__()
        self._broker_url = broker_url
        self._queue = queue

    @property
    def url(self) -> str:
        """The URL of its broker."""
        return self._broker_url

    @property
    def environ(self) -> dict[str, str]:
        """Its environment beside that of the tests."""
        return {"CELERY_BROKER_URL": self._broker_url}

    def start(self) -> None:
        """Start the worker and return once it consumes."""
        name = f"{secrets.token_hex(4)}@test"
        command = [self.program, "-m", "celery", *self.application, "worker", "-Q", self._queue, "-P", "solo"]
        # It runs in its own directory, where no celeryconfig.py lies that the default app would read.
        self._run([*command, "-n", name, "-l", "INFO", *self.options], self.environ)

    def is_ready(self) -> bool:
        """Whether its log says that it is ready."""
        return " ready." in self.log.read_text()
