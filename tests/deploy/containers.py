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
from pathlib import Path
from typing import Any

import psutil

from deploy import credentials
from tests.deploy import compose, dockerfile
from tests.process import Service
from tests.services import PostgresServer, RabbitServer, RedisServer
from tests.web import WebClient

UID = 10001
PORTS = {"redis": 6379, "rabbitmq": 5672, "postgres": 5432}


def find_python() -> Path:
    """The interpreter that stands for the image's: of this release, where possible one that every user may run."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    candidates = [Path(os.path.realpath(sys.executable)), *map(Path, filter(None, [shutil.which(name, path="/usr/bin")]))]
    return next((path for path in candidates if is_open_to_all(path)), candidates[0])


def is_open_to_all(path: Path) -> bool:
    """Whether every user may walk to the file."""
    return all(parent.stat().st_mode & 0o001 for parent in path.parents)


class Deployment:
    """The replayed image, the generated secrets, and real servers that were configured by both."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="monitor-deployment-"))
        self.directory.chmod(0o755)
        self.compose = compose.load()
        python = find_python()
        self.user = UID if os.geteuid() == 0 and is_open_to_all(python) else None
        self.image = dockerfile.Replay(compose.ROOT, self.directory, python)
        self.image.run(dockerfile.parse(compose.ROOT / "Dockerfile"))
        self.secrets = self.directory / "secrets"
        self.servers: dict[str, Service] = {}

    def start_servers(self) -> None:
        """Make the secrets and start Redis, RabbitMQ and PostgreSQL with them."""
        credentials.provide(self.directory / "made")
        # Not the directory itself, which is closed to the containers' users: Docker mounts file by file.
        shutil.copytree(self.directory / "made", self.secrets, copy_function=shutil.copy2)
        self.secrets.chmod(0o755)
        self.servers["redis"] = ComposeRedis(self)
        self.servers["rabbitmq"] = ComposeRabbit(self)
        self.servers["postgres"] = ComposePostgres(self)
        for path in self.secrets.iterdir():
            path.write_text(self.localized(path.read_text()))
        for server in self.servers.values():
            server.start()
        with self.servers["postgres"].connect() as connection:  # type: ignore[attr-defined]
            connection.execute("CREATE DATABASE monitor")  # The image does, for POSTGRES_DB.

    def localized(self, text: str) -> str:
        """A text of the containers with its services' addresses replaced by those of the servers here."""
        for name, server in self.servers.items():
            text = text.replace(f"{name}:{PORTS[name]}", f"127.0.0.1:{server.port}")
        return text.replace("/run/secrets", str(self.secrets))

    def secret(self, name: str) -> str:
        """What a secret's file holds, as it was made."""
        return (self.directory / "made" / name).read_text()

    def config(self, name: str) -> str:
        """A configuration file of the compose file, its secrets' directory replaced."""
        text = (compose.ROOT / self.compose["configs"][name]["file"]).read_text()
        return text.replace("/run/secrets", str(self.secrets))

    def stop(self) -> None:
        """End every server and remove all files."""
        for server in self.servers.values():
            server.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


class Container(WebClient, Service):
    """A process of the image, as its service of the compose file starts it."""

    program = "sh"

    def __init__(self, deployment: Deployment, name: str) -> None:
        super().__init__()
        self._deployment = deployment
        self.service: Mapping[str, Any] = deployment.compose["services"][name]
        self._stage = deployment.image.stages[self.service["build"]["target"]]
        self.user_id = deployment.user
        environ = {**self._stage.environ, **self.service.get("environment", {})}
        self.environ = {key: deployment.localized(value) for key, value in environ.items()}
        self.environ |= {"PATH": self._stage.here(environ["PATH"]), "PORT": str(self.port), "HOME": "/nonexistent"}

    @property
    def url(self) -> str:
        """Where the web process answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and return once its health check passes."""
        self._run(self.service["command"])

    def is_ready(self) -> bool:
        """Whether its health check passes."""
        return self.check() == 0

    def check(self) -> int:
        """The exit code of the health check."""
        kind, *command = self.service["healthcheck"]["test"]
        assert kind == "CMD"
        rabbit_port = self._deployment.servers["rabbitmq"].port
        mapped = (":8000", f":{self.port}"), (":1628", f":{rabbit_port:04X}")
        for old, new in mapped:
            command = [word.replace(old, new) for word in command]
        return self.run(command).returncode

    def run(self, command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
        """Run a command in the container, as `docker compose exec` does, to its end."""
        return subprocess.run(command, **self._place(), capture_output=True, text=True, timeout=60, check=False)

    def popen(self, command: Sequence[str]) -> "subprocess.Popen[str]":
        """Start a command in the container."""
        return subprocess.Popen(command, **self._place(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def _spawn(self, command: Sequence[str], environ: Mapping[str, str] | None = None) -> psutil.Popen:
        with self.log.open("ab") as log:
            return psutil.Popen(command, **self._place(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def _place(self) -> dict[str, Any]:
        extra_groups: list[int] | None = [] if self.user_id else None
        place = {"env": self.environ, "cwd": self._stage.path(".")}
        return {**place, "user": self.user_id, "group": self.user_id, "extra_groups": extra_groups}


class ComposeRedis(RedisServer):
    """Redis by deploy/redis.conf and the generated ACL."""

    def __init__(self, deployment: Deployment) -> None:
        super().__init__()
        self._deployment = deployment

    def start(self) -> None:
        """Start it by the compose file's command."""
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
        kind, command = self._deployment.compose["services"]["redis"]["healthcheck"]["test"]
        assert kind == "CMD-SHELL"
        local = command.replace("redis-cli ", f"redis-cli -p {self.port} ")
        return subprocess.run(["sh", "-c", local], capture_output=True, timeout=10, check=False).returncode


class ComposeRabbit(RabbitServer):
    """RabbitMQ by deploy/rabbitmq.conf and the generated definitions."""

    def __init__(self, deployment: Deployment) -> None:
        super().__init__()
        self._deployment = deployment
        url = deployment.secret("monitored_broker_url")
        self.password = str(re.search(r":([^:@]+)@", url)[1])  # type: ignore[index]

    @property
    def url(self) -> str:
        """The watched product's virtual host, as the user who may only look."""
        return f"amqp://monitor:{self.password}@127.0.0.1:{self.port}/zapvoice"

    def _run(self, command: Sequence[str], environ: Mapping[str, str] | None = None) -> None:
        config = self._deployment.config("rabbitmq")
        (self.directory / "rabbitmq.conf").write_text(f"{config}listeners.tcp.default = 127.0.0.1:{self.port}\n")
        super()._run(command, environ)

    def is_ready(self) -> bool:
        """Whether it lets in the user who may only look."""
        return self.lets_in("monitor", self.password)

    def lets_in(self, user: str, password: str) -> bool:
        """Whether the user gets into the virtual host."""
        import amqp

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
        kind, command = service["healthcheck"]["test"]
        assert kind == "CMD-SHELL"
        environ = {**os.environ, **service["environment"], "PGPORT": str(self.port)}
        return subprocess.run(["sh", "-c", command], env=environ, timeout=10, check=False).returncode
