"""What is seen of the panel from outside while something is done to it, and what has to be there afterwards."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from tests.engine.panel import Panel
from tests.engine.table import Table


class HealthLog(threading.Thread):
    """Asks `/healthz` again and again until the end of its context, and keeps the answers; an empty one: none came."""

    def __init__(self, panel: Panel, pause_s: float) -> None:
        super().__init__(daemon=True)
        self._panel = panel
        self._pause_s = pause_s
        self._is_over = threading.Event()
        self.answers: list[dict[str, Any]] = []
        self.closed_s = 0.0
        """For how long, all in all, nobody answered."""

    def run(self) -> None:
        since_mono_s = time.monotonic()
        while not self._is_over.wait(self._pause_s):
            self.answers.append(self._panel.health())
            now_mono_s = time.monotonic()
            self.closed_s += 0 if self.answers[-1] else now_mono_s - since_mono_s
            since_mono_s = now_mono_s

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self.join()


@dataclass
class Deed:
    """What was done meanwhile: whether it succeeded, and what else the row should say."""

    holds: bool = True
    notes: list[str] = field(default_factory=list)


@contextmanager
def keeping_samples(panel: Panel, table: Table, what: str, bar: str) -> Iterator[Deed]:
    """A row that holds if the deed did, the panel has its samples still, and the operator's token opens it."""
    deed, before = Deed(), panel.count_samples()
    yield deed
    after, (status, _) = panel.count_samples(), panel.get("/api/me")
    seen = "; ".join([*deed.notes, f"{before} samples, then {after}", f"the token: {status}"])
    table.add(what, bar, seen, deed.holds and after >= before > 0 and status == 200)
