"""Clocks that can be set, each for the processes that are started under it: `clock.c`, compiled and preloaded.

libfaketime 0.9.10 does not do: Python's `time.sleep` fails with EINVAL under it as soon as the monotonic clock is to be
left alone.
"""

import shutil
import subprocess
from pathlib import Path
from tempfile import mkdtemp
from typing import Self

from tests.process import give_up

COMPILER = shutil.which("cc")
"""None: there is none, and no clock can be set."""

SOURCE = Path(__file__).parent / "clock.c"


class Clocks:
    """Clocks by name, all correct at first. A context manager; leaves no file."""

    def __init__(self) -> None:
        if COMPILER is None:
            give_up("there is no C compiler")
        self._directory = Path(mkdtemp(prefix="monitor-clock-"))
        self._directory.chmod(0o755)
        self._library = self._directory / "clock.so"
        command = [str(COMPILER), "-shared", "-fPIC", "-O2", "-o", str(self._library), str(SOURCE)]
        subprocess.run(command, check=True, timeout=30)

    def wrap(self, name: str) -> tuple[str, ...]:
        """The beginning of a command whose process shall read this clock."""
        self.set(name, 0)
        return ("env", f"LD_PRELOAD={self._library}", f"CLOCK_OFFSET_FILE={self._path(name)}")

    def set(self, name: str, offset_s: int) -> None:
        """Set a clock to the right time plus `offset_s`, at once."""
        unfinished = self._path(name).with_suffix(".new")
        unfinished.write_text(str(offset_s))
        unfinished.rename(self._path(name))

    def close(self) -> None:
        """Remove the files."""
        shutil.rmtree(self._directory, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _path(self, name: str) -> Path:
        return self._directory / name.replace(" ", "-")
