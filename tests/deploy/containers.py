"""The services of docker-compose.yml as processes of this machine: the very commands, environments, configuration
files and secrets that the file holds, in the replayed image. What an engine would map is mapped here: /run/secrets to
a directory, and names and ports of services to free ports of 127.0.0.1, in the secret files and nowhere else.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import amqp
import psutil

from deploy import credentials
from tests.deploy import compose, dockerfile
from tests.process import PATIENCE_S, Service, wait_until
from tests.services import PostgresServer, RabbitServer, RedisServer
from tests.web import WebClient

UID = 10001


def find_python() -> Path:
    """The interpreter that stands for the image's: of this release, where there is one that every user may run."""
    own = Path(sys.executable).resolve()
    system = Path(f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}")
    return next((path for path in (own, system) if is_open_to_all(path) and dockerfile.has_pip(path)), own)


def is_open_to_all(path: Path) -> bool:
    """Whether every user may reach the file."""
    return path.exists() and all(parent.stat().st_mode & 0o001 for parent in path.parents)


class Deployment:
    """The replayed image, the generated secrets, and real servers configured by both."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="monitor-deployment-"))
        self.directory.chmod(0o755)
        self.compose = compose.load()
        python = find_python()
        self.user = UID if os.geteuid() == 0 and is_open_to_all(python) else None
        self.image = dockerfile.Replay(compose.ROOT, self.directory, python)
        self.secrets = self.directory / "secrets"
        credentials.provide(self.directory / "made")
        # Not the directory itself, which is closed to the containers' users: Docker mounts file by file.
        shutil.copytree(self.directory / "made", self.secrets)
        self.secrets.chmod(0o755)
        self.redis, self.rabbitmq, self.postgres = ComposeRedis(self), ComposeRabbit(self), ComposePostgres(self)
        self.servers: list[Service] = [self.redis, self.rabbitmq, self.postgres]
        self._addresses = {
            "redis:6379": self.redis.port,
            "rabbitmq:5672": self.rabbitmq.port,
            "rabbitmq:15672": self.rabbitmq.management_port,
            "postgres:5432": self.postgres.port,
        }
        for path in self.secrets.iterdir():
            path.write_text(self.localized(path.read_text()))

    def start(self) -> None:
        """Build the image and start the servers, side by side."""
        with ThreadPoolExecutor() as pool:
            jobs = [pool.submit(self.image.run, dockerfile.parse(compose.ROOT / "Dockerfile"))]
            jobs += [pool.submit(server.start) for server in self.servers]
        for job in jobs:
            job.result()
        with self.postgres.connect() as connection:
            connection.execute("CREATE DATABASE monitor")  # The image does, for POSTGRES_DB.

    def localized(self, text: str) -> str:
        """A text of the containers with its services' addresses replaced by those of the servers here."""
        for inside, here in self._addresses.items():
            text = text.replace(inside, f"127.0.0.1:{here}")
        return text.replace("/run/secrets", str(self.secrets))

    def secret(self, name: str) -> str:
        """A secret as it was generated."""
        return (self.directory / "made" / name).read_text()

    def config(self, name: str) -> str:
        """The text of a configuration file that the compose file names, with the secrets' directory replaced."""
        path = compose.ROOT / str(self.compose["configs"][name]["file"])
        return path.read_text().replace("/run/secrets", str(self.secrets))

    def stop(self) -> None:
        """End every server and remove all files."""
        for server in self.servers:
            server.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


class Container(WebClient, Service):
    """A process of the image, as its service of the compose file starts it."""

    program = "sh"

    def __init__(self, deployment: Deployment, name: str) -> None:
        super().__init__()
        self._deployment = deployment
        self.service: Mapping[str, Any] = deployment.compose["services"][name]
        self._stage = deployment.image.stages[compose.target(deployment.compose, name)]
        environ = {**self._stage.environ, **self.service.get("environment", {})}
        self.environ = {key: deployment.localized(value) for key, value in environ.items()}
        self.environ |= {"PATH": self._stage.here(environ["PATH"]), "PORT": str(self.port), "HOME": "/nonexistent"}

    @property
    def url(self) -> str:
        """The base URL of the web process."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def uid(self) -> int:
        """The user id of its process."""
        assert self._process is not None
        return int(self._process.uids().real)

    def start(self) -> None:
        """Start the container and return once its health check passes."""
        self.launch()
        self.wait_until_healthy()

    def launch(self) -> None:
        """Start the container."""
        self._process = self._spawn(self.service["command"])

    def wait_until_healthy(self) -> None:
        """Return once its health check passes."""
        wait_until(self._is_ready_or_dead, PATIENCE_S, f"{self.service['command']} is healthy")

    def terminate(self) -> int:
        """Ask it to end, as `docker compose stop` does. Its exit code.

        Raises: psutil.TimeoutExpired when it has not ended in its grace period, after which Docker kills.
        """
        assert self._process is not None
        self._process.terminate()
        return int(self._process.wait(float(self.service["stop_grace_period"].rstrip("s"))))

    def is_ready(self) -> bool:
        """Whether its health check passes."""
        return self.check() == 0

    def check(self) -> int:
        """The exit code of the health check."""
        kind, *command = self.service["healthcheck"]["test"]
        assert kind == "CMD"
        mapped = (":8000", f":{self.port}"), (":1628", f":{self._deployment.rabbitmq.port:04X}")
        for old, new in mapped:
            command = [word.replace(old, new) for word in command]
        return self.exec(command).returncode

    def exec(self, command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
        """Run a command in the container, as `docker compose exec` does, to its end."""
        return subprocess.run(command, **self._place(), capture_output=True, text=True, timeout=60, check=False)

    def popen(self, command: Sequence[str]) -> "subprocess.Popen[str]":
        """Start a command in the container."""
        return subprocess.Popen(command, **self._place(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def _spawn(self, command: Sequence[str], environ: Mapping[str, str] | None = None) -> psutil.Popen:
        with self.log.open("ab") as log:
            return psutil.Popen(command, **self._place(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def _place(self) -> dict[str, Any]:
        user = self._deployment.user
        extra_groups: list[int] | None = [] if user else None
        place = {"env": self.environ, "cwd": self._stage.path(".")}
        return {**place, "user": user, "group": user, "extra_groups": extra_groups}


class ComposeRedis(RedisServer):
    """Redis by deploy/redis.conf and the generated ACL."""

    def __init__(self, deployment: Deployment) -> None:
        super().__init__()
        self._deployment = deployment

    def start(self) -> None:
        """Start the server by the compose file's command."""
        config = self.directory / "redis.conf"
        config.write_text(self._deployment.config("redis").replace("dir /data", f"dir {self.directory}"))
        program, path = self._deployment.compose["services"]["redis"]["command"]
        assert path == "/etc/redis.conf"
        self._run([program, str(config), "--port", str(self.port), "--bind", "127.0.0.1"])

    def is_ready(self) -> bool:
        """Whether its health check passes."""
        return self.check() == 0

    def check(self) -> int:
        """The exit code of the health check."""
        kind, program, *arguments = self._deployment.compose["services"]["redis"]["healthcheck"]["test"]
        assert kind == "CMD"
        local = [program, "-p", str(self.port), *arguments]
        return subprocess.run(local, capture_output=True, timeout=60, check=False).returncode


class ComposeRabbit(RabbitServer):
    """RabbitMQ by deploy/rabbitmq.conf and the generated definitions."""

    def __init__(self, deployment: Deployment) -> None:
        super().__init__()
        self._deployment = deployment
        url = deployment.secret("watched_broker_url")
        self.password = str(re.search(r":([^:@]+)@", url)[1])  # type: ignore[index]

    @property
    def url(self) -> str:
        """The URL of the watched product's virtual host, as the read-only user."""
        return f"amqp://monitor:{self.password}@127.0.0.1:{self.port}/zapvoice"

    def _run(self, command: Sequence[str], environ: Mapping[str, str] | None = None) -> None:
        config = self._deployment.config("rabbitmq")
        (self.directory / "rabbitmq.conf").write_text(
            f"{config}listeners.tcp.default = 127.0.0.1:{self.port}\n"
            f"management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {self.management_port}\n"
        )
        super()._run(command, environ)

    @property
    def management_port(self) -> int:
        """The port of the management API."""
        return self._management_port

    def is_ready(self) -> bool:
        """Whether it accepts the read-only user."""
        return self.lets_in("monitor", self.password)

    def check(self) -> int:
        """The exit code of the health check."""
        kind, *command = self._deployment.compose["services"]["rabbitmq"]["healthcheck"]["test"]
        assert kind == "CMD"
        mapped = (("$$", "$"), ("/15672", f"/{self.management_port}"), ("/5672", f"/{self.port}"))
        for inside, here in mapped:
            command = [word.replace(inside, here) for word in command]
        return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode

    def lets_in(self, user: str, password: str) -> bool:
        """Whether it accepts the user at the virtual host."""
        try:
            host = f"127.0.0.1:{self.port}"
            with amqp.Connection(host, user, password, virtual_host="zapvoice", connect_timeout=2, read_timeout=5):
                return True
        except (OSError, amqp.AMQPError):
            return False


class ComposePostgres(PostgresServer):
    """PostgreSQL with the generated password of the user whom the image makes."""

    def __init__(self, deployment: Deployment) -> None:
        super().__init__()
        self._deployment = deployment
        self.password = deployment.secret("postgres_password")

    def check(self) -> int:
        """The exit code of the health check."""
        service = self._deployment.compose["services"]["postgres"]
        kind, program, *arguments = service["healthcheck"]["test"]
        assert kind == "CMD"
        local = [str(Path(self.program).with_name(Path(program).name)), "-p", str(self.port), *arguments]
        return subprocess.run(local, timeout=60, check=False).returncode
