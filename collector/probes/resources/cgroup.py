"""CPU and memory of this process's cgroup: of the container, not of the machine."""

import time
from collections.abc import Callable
from pathlib import Path

from collector.probes.resources.cgroup_cpu import CgroupCpu
from collector.probes.resources.cgroup_ram import CgroupRam
from collector.probes.resources.cgroup_tree import CgroupLocation, locate_cgroup
from collector.probes.resources.kernel_file import read_file
from store.samples.resources import Cpu, Ram


class CgroupProbe:
    """Reads this process's cgroup, v1 or v2, and follows the process when it is moved to another one."""

    def __init__(
        self, *, proc: Path = Path("/proc"), root: Path = Path("/"), monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._proc = proc
        self._root = root
        self._monotonic = monotonic
        self._membership = b""
        self._settle(locate_cgroup(b"", b"", root))

    def read(self, host_cpu: Cpu, host_ram: Ram) -> tuple[Cpu, Ram]:
        """CPU and RAM that the process uses and may use; never raises.

        Each is the container's if the process is in one or may use less than the machine has; else it is the machine's,
        as given. CPU figures cover the time since the last call, so the first is None.
        """
        self._follow()
        mono_s = self._monotonic()
        cpu = self._cpu.read(host_cpu.cores, mono_s)
        ram = self._ram.read(host_ram.limit_bytes, mono_s)
        return (
            cpu if cpu and (self._is_container or _is_less(cpu.cores, host_cpu.cores)) else host_cpu,
            ram if ram and (self._is_container or _is_less(ram.limit_bytes, host_ram.limit_bytes)) else host_ram,
        )

    def _follow(self) -> None:
        membership = read_file(self._proc, "self/cgroup") or b""
        if membership == self._membership and not self._cpu.is_gone() and not self._ram.is_gone():
            return
        self._membership = membership
        self._settle(locate_cgroup(read_file(self._proc, "self/mountinfo") or b"", membership, self._root))

    def _settle(self, location: CgroupLocation) -> None:
        """Start anew: another cgroup has other counters."""
        self._is_container = location.is_container
        self._cpu = CgroupCpu(location.hierarchies)
        self._ram = CgroupRam(location.hierarchies["memory"])


def _is_less(limit: float | None, machine: float | None) -> bool:
    return limit is not None and machine is not None and limit < machine
