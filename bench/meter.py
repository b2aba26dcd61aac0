"""What processes cost: CPU time and memory, as the kernel counts them."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

_CPUCLOCK_SCHED = 2
"""The kind of a process' clock that counts its time on a CPU, exact to the nanosecond (clock_getcpuclockid(3))."""


@dataclass(frozen=True)
class Cost:
    """What some processes used over a time."""

    cpu_percent: float
    """Of one core."""
    pss_mb: float
    """At the end of the time: a page shared by n processes counts as 1/n (MB = 2**20 bytes)."""


def cpu_s(pid: int) -> float:
    """The CPU time a process has used in all its threads, ended ones included (s)."""
    return time.clock_gettime((~pid << 3) | _CPUCLOCK_SCHED)


def pss_mb(pid: int) -> float:
    """Its proportional share of memory (MB)."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise LookupError(f"no Pss of {pid}")


def family(root: psutil.Process) -> list[int]:
    """The process and all that it has started, by id."""
    return [root.pid, *(child.pid for child in root.children(recursive=True))]


class Meter:
    """Groups of processes, by name; each group's cost since `start()`."""

    def __init__(self, groups: dict[str, Iterable[int]]) -> None:
        self._groups = {name: tuple(pids) for name, pids in groups.items()}
        self._begun: dict[int, float] = {}
        self._begun_mono_s = 0.0
        self.start()

    def start(self) -> None:
        """Count from now on."""
        self._begun = {pid: cpu_s(pid) for pids in self._groups.values() for pid in pids}
        self._begun_mono_s = time.monotonic()

    def read(self) -> dict[str, Cost]:
        """Every group's cost by now. Raises: OSError when a process has ended, since its figure would be too low."""
        elapsed_s = time.monotonic() - self._begun_mono_s
        used_s = {name: sum(cpu_s(pid) - self._begun[pid] for pid in pids) for name, pids in self._groups.items()}
        return {
            name: Cost(used_s[name] / elapsed_s * 100, sum(map(pss_mb, pids))) for name, pids in self._groups.items()
        }
