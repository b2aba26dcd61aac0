"""CPU and memory of the machine, whatever container this process is in, from psutil.

psutil reads the `/proc` that `psutil.PROCFS_PATH` names; a mounted one may be another machine's.
"""

import time
from collections.abc import Callable
from pathlib import Path

import psutil

from collector.probes.resources.counter_rate import CounterRate, to_percent
from collector.probes.resources.kernel_file import parse_stalled_s, read_file
from store.samples.resources import Cpu, Ram, Scope

_UNREADABLE = (OSError, ValueError, LookupError, TypeError)
"""psutil's errors for a `/proc` that is unreadable or malformed."""


class HostProbe:
    """Reads the machine's CPU and memory.

    It keeps the counters itself: the first `psutil.cpu_percent` is a meaningless 0, and its state is global.
    """

    def __init__(self, *, proc: Path | None = None, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`proc`: the machine's /proc if it is mounted elsewhere; psutil uses one for the whole process."""
        if proc is not None:
            psutil.PROCFS_PATH = str(proc)
        self._monotonic = monotonic
        self._busy = CounterRate()
        self._cpu_stalled = CounterRate()
        self._ram_stalled = CounterRate()

    def read(self) -> tuple[Cpu, Ram]:
        """The figures; never raises. CPU figures cover the time since the last call, so the first is None."""
        return self._read_cpu(), self._read_ram()

    def _read_cpu(self) -> Cpu:
        return Cpu(
            scope=Scope.HOST,
            percent=to_percent(self._busy.update(*_read_busy_and_total_s())),
            cores=psutil.cpu_count(),
            pressure_percent=self._read_pressure("cpu", self._cpu_stalled),
        )

    def _read_ram(self) -> Ram:
        pressure_percent = self._read_pressure("memory", self._ram_stalled)
        try:
            memory = psutil.virtual_memory()
        except _UNREADABLE:
            return Ram(scope=Scope.HOST, pressure_percent=pressure_percent)
        used_bytes = memory.total - memory.available
        return Ram(
            scope=Scope.HOST,
            used_bytes=used_bytes,
            limit_bytes=memory.total,
            percent=to_percent(used_bytes / memory.total) if memory.total else None,
            pressure_percent=pressure_percent,
        )

    def _read_pressure(self, resource: str, stalled: CounterRate) -> float | None:
        text = read_file(Path(psutil.PROCFS_PATH), f"pressure/{resource}")
        return to_percent(stalled.update(parse_stalled_s(text), self._monotonic()))


def _read_busy_and_total_s() -> tuple[float | None, float | None]:
    """Seconds since boot that all cores together were busy, and their total."""
    try:
        times = psutil.cpu_times()
    except _UNREADABLE:
        return None, None
    # Linux includes guests' time in user and nice, and counts waiting for a disk apart from idle.
    total_s = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
    return total_s - times.idle - getattr(times, "iowait", 0.0), total_s
