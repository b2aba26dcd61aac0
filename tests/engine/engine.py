"""An engine as the tests use it: what it is asked, and what is asked of what runs on it. One that runs may be given."""

import os
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path


class CannotRun(Exception):
    """The tests cannot run here; the message says why."""


class Engine(ABC):
    """A Docker engine with its command line and compose; `directory` is seen under the same path on both sides."""

    is_own = False
    """Whether it may be stopped, and its images be removed."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @abstractmethod
    def bring(self) -> None:
        """Make it answer. Raises: CannotRun."""

    @abstractmethod
    def stop(self) -> None:
        """End what was started."""

    @abstractmethod
    def command(self, words: Sequence[str]) -> list[str]:
        """A command so that it is run where the engine's command line is."""

    @property
    @abstractmethod
    def environ(self) -> dict[str, str]:
        """The environment of such a command."""

    def start(self) -> None:
        """Start it again after `stop_daemon`. Raises: CannotRun, unless it is the tests' own."""
        raise CannotRun("An engine that is not the tests' own is neither stopped nor started by them.")

    def stop_daemon(self) -> None:
        """End it and its containers in good order, as a restart of the machine does. Raises: as `start`."""
        raise CannotRun("An engine that is not the tests' own is neither stopped nor started by them.")

    def run(
        self, words: Sequence[str], *, cwd: Path | None = None, timeout_s: float = 900, **environ: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run a command beside the engine to its end."""
        command = self.command(["env", "-C", str(cwd or self.directory), *words])
        return subprocess.run(
            command,
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def docker(self, *words: str, **environ: str) -> "subprocess.CompletedProcess[str]":
        """Run `docker WORDS` to its end."""
        return self.run(["docker", *words], **environ)

    @staticmethod
    def wait_until(condition: Callable[[], object], deadline_s: float, what: str) -> float:
        """Return once `condition()` is true, with how long that took (s). Raises: CannotRun when it is not in time."""
        started_mono_s = time.monotonic()
        while not condition():
            if time.monotonic() > started_mono_s + deadline_s:
                raise CannotRun(f"not within {deadline_s:g} s: {what}")
            time.sleep(0.05)
        return time.monotonic() - started_mono_s


class GivenEngine(Engine):
    """The engine that DOCKER_HOST names. It is not stopped, and keeps nothing of ours but what was built."""

    def bring(self) -> None:
        answer = self.docker("version", "--format", "{{.Server.Version}}")
        if answer.returncode:
            raise CannotRun(f"DOCKER_HOST={os.environ['DOCKER_HOST']} does not answer: {answer.stderr.strip()}")

    def stop(self) -> None:
        pass

    def command(self, words: Sequence[str]) -> list[str]:
        return list(words)

    @property
    def environ(self) -> dict[str, str]:
        return dict(os.environ)
