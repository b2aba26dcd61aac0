"""The panel in its containers, as an operator has it: a clone, `make`, `docker compose`, a browser's address."""

import http.client
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.engine.engine import CannotRun, Engine
from tests.engine.kernel import Container

ROOT = Path(__file__).resolve().parent.parent.parent
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv*", "node_modules", "var", "__pycache__", "secrets", "vendor", "built", ".*_cache", ".hypothesis",
    ".env",
)  # fmt: skip
PORT = 8123
SERVERS = ("redis", "postgres", "rabbitmq")
PROGRAMS = ("web", "collector", "beat")
EMAIL = "operator@example.org"
WELL_DEADLINE_S = 120.0
STREAM_DEADLINE_S = 30.0


class Panel:
    """A clone of the project, and what runs of it. `project`: the name of its containers and volumes."""

    def __init__(self, engine: Engine, project: str) -> None:
        self.engine = engine
        self.project = project
        self.clone = engine.directory / "panel" / "clone"
        self.token = ""
        self.clone_to(self.clone)
        (self.clone / ".env").write_text(f"PORT={PORT}\nCOMPOSE_PROJECT_NAME={project}\n")

    def clone_to(self, directory: Path) -> None:
        """Copy the project as a fresh clone has it."""
        shutil.rmtree(directory, ignore_errors=True)
        shutil.copytree(ROOT, directory, ignore=LEFT_OUT)

    def make(self, *words: str, clone: Path | None = None) -> "subprocess.CompletedProcess[str]":
        """Run `make WORDS` in the clone to its end."""
        return self.engine.run(["make", "--no-print-directory", *words], cwd=clone or self.clone)

    def compose(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run `docker compose WORDS` in the clone to its end."""
        return self.engine.run(
            ["docker", "compose", "--profile", "demo", "--profile", "host-detail", *words], cwd=self.clone
        )

    def flask(self, *words: str) -> str:
        """What a command of the panel prints. Raises: CannotRun when it fails."""
        ended = self.compose("exec", "-T", "web", "flask", "--app", "app", *words)
        if ended.returncode:
            raise CannotRun(f"flask {' '.join(words)} failed: {ended.stderr.strip()[-300:]}")
        return ended.stdout.strip()

    def containers(self, *, all_of_them: bool = False) -> dict[str, str]:
        """The ids of the running containers by service; with those that have ended."""
        listed = self.engine.docker(
            "ps",
            "--no-trunc",
            *(["--all"] if all_of_them else []),
            "--filter",
            f"label=com.docker.compose.project={self.project}",
            "--format",
            '{{.Label "com.docker.compose.service"}} {{.ID}}',
        )
        return dict(line.split() for line in listed.stdout.splitlines())

    def kernel(self, service: str) -> Container:
        """A service's container as the kernel shows it. Raises: NotHere."""
        return Container(self.containers()[service])

    def inspect(self, service: str, template: str) -> str:
        """What `docker inspect --format` prints of a service's container."""
        return self.engine.docker("inspect", "--format", template, self.containers()[service]).stdout.strip()

    def redis(self, *words: str) -> str:
        """What a command of the panel's own user prints."""
        url = (self.clone / "deploy/secrets/redis_url").read_text()
        password = url.partition(":")[2].partition(":")[2].partition("@")[0]
        command = ["redis-cli", "--no-auth-warning", "--user", "monitor", "--pass", password, *words]
        return self.compose("exec", "-T", "redis", *command).stdout.strip()

    def count_samples(self) -> int:
        """How many samples the stream holds; 0 where Redis does not say."""
        answer = self.redis("XLEN", "monitor:samples")
        return int(answer) if answer.isdecimal() else 0

    def get(self, path: str, timeout_s: float = 5) -> tuple[int, bytes]:
        """Status and body of an answer to the operator's token. Raises: OSError, http.client.HTTPException."""
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=timeout_s)
        try:
            connection.request("GET", path, headers=self._bearer())
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def health(self) -> dict[str, Any]:
        """What `/healthz` says; empty where nobody answers."""
        try:
            body: dict[str, Any] = json.loads(self.get("/healthz", timeout_s=2)[1])
        except (OSError, http.client.HTTPException, ValueError):
            return {}
        return body

    def is_well(self) -> bool:
        """Whether `/healthz` says that all is well."""
        return self.health().get("status") == "pass"

    def wait_until_well(self) -> float:
        """How long it took until all was well (s). Raises: CannotRun when it does not come to that."""
        return self.engine.wait_until(self.is_well, WELL_DEADLINE_S, f"all is well; the last word was {self.health()}")

    def wait_until_sampled(self, before: int) -> float:
        """How long it took until the stream held more samples than before (s)."""
        return self.engine.wait_until(lambda: self.count_samples() > before, WELL_DEADLINE_S, "a new sample comes")

    def wait_until_watching(self) -> float:
        """How long it took until the database and the broker were online, whether or not somebody works (s)."""
        return self.engine.wait_until(
            lambda: {self.health().get("services", {}).get(name) for name in ("database", "rabbitmq")} == {"online"},
            WELL_DEADLINE_S,
            "database and broker are online",
        )

    def samples(self) -> Iterator[dict[str, Any]]:
        """The samples of the stream as they come. Raises: OSError when none comes in time."""
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=STREAM_DEADLINE_S)
        connection.request("GET", "/stream", headers=self._bearer())
        answer = connection.getresponse()
        kind = b""
        try:
            while line := answer.readline():
                name, _, value = line.strip().partition(b": ")
                kind = value if name == b"event" else kind
                if name == b"data" and kind == b"system_stats":
                    yield json.loads(value)
        finally:
            connection.close()

    def end(self) -> None:
        """Take away its containers, networks and volumes."""
        self.compose("down", "--remove-orphans", "--volumes", "--timeout", "3")

    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}
