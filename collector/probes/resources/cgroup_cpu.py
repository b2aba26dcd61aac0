"""CPU figures of a cgroup, from the controllers cpu, cpuacct and cpuset: one hierarchy in v2, up to three in v1."""

import math
import re
from collections.abc import Mapping
from pathlib import Path

from collector.probes.resources.cgroup_tree import Hierarchy, smallest_limit
from collector.probes.resources.counter_rate import CounterRate, to_percent
from collector.probes.resources.kernel_file import exists, parse_count, parse_field, parse_stalled_s, read_file
from store.samples.resources import Cpu, Scope

_USAGE_FILES = {1: "cpuacct.usage", 2: "cpu.stat"}
_CPUSET_FILES = {1: ("cpuset.effective_cpus", "cpuset.cpus"), 2: ("cpuset.cpus.effective",)}
_CPU_LIST = re.compile(rb"\d{1,4}(-\d{1,4})?(,\d{1,4}(-\d{1,4})?)*")


class CgroupCpu:
    """Reads the CPU controllers' files."""

    def __init__(self, hierarchies: Mapping[str, Hierarchy]) -> None:
        self._limits = hierarchies["cpu"]
        self._accounting = hierarchies["cpuacct"]
        self._cpuset = hierarchies["cpuset"]
        self._directories = self._accounting.counted_by(_USAGE_FILES[self._accounting.version])
        self._used = CounterRate()
        self._stalled = CounterRate()
        self._throttled = {directory: CounterRate() for directory in self._limits.directories}

    def is_gone(self) -> bool:
        """Whether the cgroup existed and is gone."""
        return bool(self._directories) and not exists(self._directories[0], _USAGE_FILES[self._accounting.version])

    def read(self, cores_online: float | None, mono_s: float) -> Cpu | None:
        """The figures since the last call; None if no CPU controller counts this process."""
        if not self._directories:
            return None
        used_cores = self._used.update(self._read_used_s(), mono_s)
        stalled_s = parse_stalled_s(read_file(self._directories[0], "cpu.pressure"))
        quotas = {directory: self._read_quota(directory) for directory in self._limits.directories}
        cores = smallest_limit([*quotas.values(), self._count_cpus(), cores_online or math.inf])
        return Cpu(
            scope=Scope.CONTAINER,
            percent=to_percent(used_cores / cores) if used_cores is not None and cores else None,
            cores=round(cores, 3) if cores is not None and math.isfinite(cores) else None,
            throttled_percent=self._read_throttled_percent(quotas),
            pressure_percent=to_percent(self._stalled.update(stalled_s, mono_s)),
        )

    def _read_used_s(self) -> float | None:
        text = read_file(self._directories[0], _USAGE_FILES[self._accounting.version])
        if self._accounting.version == 1:
            used_ns = parse_count(text)
            return None if used_ns is None else used_ns / 1e9
        used_us = parse_field(text, b"usage_usec")
        return None if used_us is None else used_us / 1e6

    def _read_quota(self, directory: Path) -> float | None:
        """Cores; infinite without a quota, None if it cannot be read. v2's root has no such file."""
        if self._limits.version == 1:
            quota = read_file(directory, "cpu.cfs_quota_us")
            if quota is None or quota.strip() == b"-1":
                return math.inf
            return _divide(parse_count(quota), parse_count(read_file(directory, "cpu.cfs_period_us")))
        text = read_file(directory, "cpu.max")
        if text is None or text.startswith(b"max "):
            return math.inf
        quota, _, period = text.partition(b" ")
        return _divide(parse_count(quota), parse_count(period))

    def _count_cpus(self) -> float | None:
        """CPUs that the process may run on; infinite without a cpuset, None if it cannot be read."""
        for directory in self._cpuset.directories:
            for file_name in _CPUSET_FILES[self._cpuset.version]:
                text = read_file(directory, file_name)
                if text is not None:
                    return _count_list(text.strip())
        return math.inf

    def _read_throttled_percent(self, quotas: Mapping[Path, float | None]) -> float | None:
        """Throttling by the tightest quota, at any level: Kubernetes may set it on the pod, above the container."""
        quota = smallest_limit(quotas.values())
        if quota is None or math.isinf(quota):
            return None
        directory = next(directory for directory in quotas if quotas[directory] == quota)
        stat = read_file(directory, "cpu.stat")
        throttled, periods = parse_field(stat, b"nr_throttled"), parse_field(stat, b"nr_periods")
        return to_percent(self._throttled[directory].update(throttled, periods))


def _divide(quota_us: int | None, period_us: int | None) -> float | None:
    return quota_us / period_us if quota_us and period_us else None


def _count_list(text: bytes) -> int | None:
    """The number of CPUs in a list such as `0-3,8`."""
    if not _CPU_LIST.fullmatch(text):
        return None
    ranges = ([int(end) for end in part.split(b"-")] for part in text.split(b","))
    return len({cpu for ends in ranges for cpu in range(ends[0], ends[-1] + 1)}) or None
