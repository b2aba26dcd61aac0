"""Starts the programs of this folder. One that does not end by itself fails its test."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from tests.process import PATIENCE_S
from tests.web import ROOT


class Program:
    """A running module. A context manager: killed on exit, if it still runs."""

    def __init__(self, module: str, *arguments: str, cwd: Path = ROOT, **environ: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    @property
    def stdout(self) -> IO[str]:
        """What it writes."""
        assert self._process.stdout is not None
        return self._process.stdout

    @property
    def stderr(self) -> IO[str]:
        """What it complains about."""
        assert self._process.stderr is not None
        return self._process.stderr

    def terminate(self) -> None:
        """Ask it to end."""
        self._process.terminate()

    def end(self, *, code: int = 0) -> tuple[str, str]:
        """Wait until it has ended by itself, with that code: what it wrote to stdout and stderr."""
        out, err = self._process.communicate(timeout=PATIENCE_S)
        assert self._process.returncode == code, err
        return out, err

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(ProcessLookupError):  # Its children as well: one that hangs outlives its parent.
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()


def service(name: str, *arguments: str, last_lines_s: float = PATIENCE_S / 2) -> Program:
    """A program of this folder, started. `last_lines_s`: what its last lines may take; FLUSH_S where that counts."""
    return Program(f"tests.programs.{name}", *arguments, LAST_LINES_S=str(last_lines_s))


def run(name: str, *arguments: str, last_lines_s: float = PATIENCE_S / 2) -> tuple[str, str]:
    """The same to its end: what it wrote to stdout and stderr."""
    with service(name, *arguments, last_lines_s=last_lines_s) as program:
        return program.end()
