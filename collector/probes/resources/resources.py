"""CPU and memory of the container and of the machine, together."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from collector.probes.resources.cgroup import CgroupProbe
from collector.probes.resources.host import HostProbe
from store.samples.resources import Cpu, Ram


@dataclass(frozen=True, kw_only=True)
class Resources:
    """The four figures of a sample. If nothing limits the process, `cpu` equals `host_cpu`, and `ram` `host_ram`."""

    cpu: Cpu
    ram: Ram
    host_cpu: Cpu
    host_ram: Ram


class ResourcesProbe:
    """Reads the cgroup's and the machine's figures. It keeps counters, so each caller needs its own probe."""

    def __init__(
        self,
        *,
        proc: Path = Path("/proc"),
        root: Path = Path("/"),
        host_proc: Path | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`proc` is this process's own; `host_proc` the machine's, if it is mounted elsewhere."""
        self._host = HostProbe(proc=host_proc, monotonic=monotonic)
        self._cgroup = CgroupProbe(proc=proc, root=root, monotonic=monotonic)

    def read(self) -> Resources:
        """The figures since the last call; never raises. CPU and pressure percentages are None on the first call."""
        host_cpu, host_ram = self._host.read()
        cpu, ram = self._cgroup.read(host_cpu, host_ram)
        return Resources(cpu=cpu, ram=ram, host_cpu=host_cpu, host_ram=host_ram)
