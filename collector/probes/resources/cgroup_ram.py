"""Memory figures of a cgroup, v1 or v2."""

import math
from dataclasses import dataclass
from pathlib import Path

from collector.probes.resources.cgroup_tree import Hierarchy, smallest_limit
from collector.probes.resources.counter_rate import CounterRate, to_percent
from collector.probes.resources.kernel_file import exists, parse_count, parse_field, parse_stalled_s, read_file
from store.samples.resources import Ram, Scope

_UNLIMITED_BYTES = 2**62
"""v1 writes "no limit" as the greatest number of whole pages, just under 2^63. cAdvisor uses the same threshold."""


@dataclass(frozen=True, kw_only=True)
class _Names:
    """File and field names of one version."""

    usage: str
    limit: str
    peak: str
    events: str
    inactive_file: bytes


_NAMES = {
    1: _Names(
        usage="memory.usage_in_bytes",
        limit="memory.limit_in_bytes",
        peak="memory.max_usage_in_bytes",
        events="memory.oom_control",
        inactive_file=b"total_inactive_file",
    ),
    2: _Names(
        usage="memory.current",
        limit="memory.max",
        peak="memory.peak",
        events="memory.events",
        inactive_file=b"inactive_file",
    ),
}


class CgroupRam:
    """Reads the memory controller's files."""

    def __init__(self, hierarchy: Hierarchy) -> None:
        self._names = _NAMES[hierarchy.version]
        self._directories = hierarchy.counted_by(self._names.usage)
        self._stalled = CounterRate()

    def is_gone(self) -> bool:
        """Whether the cgroup existed and is gone."""
        return bool(self._directories) and not exists(self._directories[0], self._names.usage)

    def read(self, machine_bytes: int | None, mono_s: float) -> Ram | None:
        """The figures; None if no memory controller counts this process."""
        if not self._directories:
            return None
        own = self._directories[0]
        stat = read_file(own, "memory.stat")
        used_bytes = self._read_used_bytes(own, stat)
        limit_bytes = self._read_limit_bytes(machine_bytes, stat)
        stalled_s = parse_stalled_s(read_file(own, "memory.pressure"))
        return Ram(
            scope=Scope.CONTAINER,
            used_bytes=used_bytes,
            limit_bytes=limit_bytes,
            percent=to_percent(used_bytes / limit_bytes) if used_bytes is not None and limit_bytes else None,
            peak_bytes=parse_count(read_file(own, self._names.peak)),
            oom_kills=parse_field(read_file(own, self._names.events), b"oom_kill"),
            pressure_percent=to_percent(self._stalled.update(stalled_s, mono_s)),
        )

    def _read_used_bytes(self, own: Path, stat: bytes | None) -> int | None:
        """The working set, as kubelet and `docker stats` show it: without file cache that the kernel can reclaim."""
        usage_bytes = parse_count(read_file(own, self._names.usage))
        inactive_bytes = parse_field(stat, self._names.inactive_file)
        # The two are read one after the other, so the difference may be negative.
        return None if usage_bytes is None or inactive_bytes is None else max(usage_bytes - inactive_bytes, 0)

    def _read_limit_bytes(self, machine_bytes: int | None, stat: bytes | None) -> int | None:
        limits = [_parse_limit(read_file(directory, self._names.limit)) for directory in self._directories]
        # v1's own minimum over all ancestors, including those not visible from here.
        hierarchical_bytes = parse_field(stat, b"hierarchical_memory_limit")
        for limit in (hierarchical_bytes, machine_bytes):
            limits.append(math.inf if limit is None else limit)
        smallest = smallest_limit(limits)
        return int(smallest) if smallest is not None and smallest < _UNLIMITED_BYTES else None


def _parse_limit(text: bytes | None) -> float | None:
    """Bytes; infinite without a limit, None if it cannot be read. v2's root has no such file."""
    return math.inf if text is None or text.strip() == b"max" else parse_count(text)
