"""Runs servers as processes: starts them until they answer, pauses, kills and removes them."""

import contextlib
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self

import psutil
import pytest

PATIENCE_S = 60.0
"""The least that anything is waited for before a test calls it missing: half of what pytest gives a whole test.

A deadline that users are told is held by `tests.promises`, never by a shorter wait.
"""

START_S = 100.0
"""How long a server may take to answer: RabbitMQ has 4 s of work to do, of which a crowded machine gives it little."""


def wait_until(condition: Callable[[], object], deadline_s: float = PATIENCE_S, what: str = "") -> None:
    """Return as soon as `condition()` is true. Raises: AssertionError when it is not within `deadline_s`, and never
    before PATIENCE_S: a test that waits for an event says nothing about the machine's speed."""
    deadline_s = max(deadline_s, PATIENCE_S)
    end = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < end, f"not within {deadline_s:g} s: {what or condition}"
        time.sleep(0.02)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on: one that the kernel gives to no connection by itself, and that
    this process was not given before."""
    while True:
        port = random.randrange(FIRST_PORT, _first_ephemeral_port())
        with socket.socket() as probe, contextlib.suppress(OSError):
            if port not in _given_ports:
                probe.bind(("127.0.0.1", port))
                _given_ports.add(port)
                return port


FIRST_PORT = 10_000
_given_ports: set[int] = set()


def _first_ephemeral_port() -> int:
    """The kernel's own begin here: one of them may be a client's by the time that the server starts."""
    return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])


def give_up(lack: str) -> NoReturn:
    """Skip a test that lacks something, with the reason; fail it where `CI` is set."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(lack)


class Service(ABC):
    """A server process and its children. A context manager: starts on entry, stops on exit."""

    program: str
    """The executable, by absolute path or by a name on PATH."""
    user: str | None = None
    """Who runs the server; None = whoever runs the tests."""

    def __init__(self) -> None:
        if shutil.which(self.program) is None:
            give_up(f"{self.program} is not installed")
        self.directory = Path(tempfile.mkdtemp(prefix=f"monitor-{type(self).__name__.lower()}-"))
        self.directory.chmod(0o711)  # A server that runs as another user must be able to walk into it.
        self.port = free_port()
        self.password = secrets.token_hex(8)
        self._process: psutil.Popen | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """Its URL, with user and password."""

    @abstractmethod
    def start(self) -> None:
        """Start the server and return once it answers. Whether data of an earlier run remain is up to the server."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether the server answers a client."""

    @property
    def log(self) -> Path:
        """The file with its stdout and stderr."""
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
        wait_until(lambda: all(map(_is_gone, processes)), PATIENCE_S, f"{self.program} is gone")
        for process in processes:
            if isinstance(process, psutil.Popen):  # Our own child: reap it.
                process.wait()
        self._process = None

    def pause(self) -> None:
        """Stop the processes (SIGSTOP): the kernel still accepts connections, and nobody answers them."""
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
            wait_until(self._is_ready_or_dead, START_S, f"{self.program} answers")
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


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(number)


def _is_gone(process: psutil.Process) -> bool:
    """Whether the process has ended, even if its parent has not reaped it yet."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
