"""Thousands of viewers as one process of their own (`swarm.c`), and what they have seen."""

import contextlib
import json
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from tests.process import wait_until

MARK = '"sent":"'


@dataclass(frozen=True)
class Seen:
    """What the viewers have counted since the start or the last reset."""

    open: int
    """How many have a stream on which something has come."""
    events: int
    least: int
    """Events that the viewer with the fewest has had."""
    most: int
    bytes: int
    refused: int
    closed: int
    gaps: int
    """Events that were skipped over."""
    slowest_return_ms: int
    """How long the slowest was without a stream after it had been dropped."""
    p50_ms: int
    p99_ms: int
    cpu_s: float


class Swarm:
    """The running viewers."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._newest: Seen | None = None
        self._told = 0
        threading.Thread(target=self._read, daemon=True).start()

    def tell(self) -> Seen:
        """What they have seen by the next whole second."""
        told = self._told
        wait_until(lambda: self._told > told, 10, "the viewers tell")
        assert self._newest is not None
        return self._newest

    def wait_for(self, count: int, deadline_s: float) -> int:
        """Wait until so many have a stream; how many have by then."""
        end = time.monotonic() + deadline_s
        while (seen := self.tell().open) < count and time.monotonic() < end:
            pass
        return seen

    def drop(self) -> None:
        """Cut every connection at once."""
        self._say("drop")

    def reset(self) -> None:
        """Count from 0, from the second whole second after this on: a line that was under way is of the old count."""
        self._say("reset")
        self.tell()
        self.tell()

    def _say(self, word: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        names = {field.name for field in fields(Seen)}
        for line in self._process.stdout:
            self._newest = Seen(**{name: value for name, value in json.loads(line).items() if name in names})
            self._told += 1


@contextlib.contextmanager
def swarm(directory: Path, port: int, count: int, request: str, *, rate: float = 1500) -> Iterator[Swarm]:
    """`count` viewers that send `request` (its lines without the closing empty one), `rate` a second."""
    program, text = directory / "swarm", directory / "request"
    source = Path(__file__).with_name("swarm.c")
    subprocess.run(["cc", "-O2", "-o", program, source], check=True)
    text.write_bytes(request.replace("\n", "\r\n").encode())
    command = [program, str(port), str(count), "3600", text, MARK, str(rate)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Swarm(process)
        finally:
            process.kill()
