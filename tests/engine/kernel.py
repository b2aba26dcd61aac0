"""A container as the kernel's files show it to this machine: its processes, its rights, what it has used. v1 and v2."""

import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
MAX_DEPTH = 4
"""system.slice/docker-<id>.scope, <parent>/<id> and the like are found below this."""


class NotHere(Exception):
    """The container runs on another machine, or its files may not be read."""


class Container:
    """A running container, by its id."""

    def __init__(self, container_id: str) -> None:
        self._is_v2 = (ROOT / "cgroup.controllers").exists()
        self._cpu = _find(ROOT if self._is_v2 else ROOT / "cpuacct", container_id)
        self._memory = self._cpu if self._is_v2 else _find(ROOT / "memory", container_id)

    def pids(self) -> list[int]:
        """Its processes, the oldest first: the init, then the program, then what that has started."""
        numbers = [int(line) for line in (self._cpu / "cgroup.procs").read_text().split()]
        return sorted(
            numbers, key=lambda pid: int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
        )

    def cpu_s(self) -> float:
        """CPU time used since it was started."""
        if self._is_v2:
            return _row(self._cpu / "cpu.stat", "usage_usec") / 1e6
        return int((self._cpu / "cpuacct.usage").read_text()) / 1e9

    def working_set_bytes(self) -> int:
        """Memory in use without the file cache that could be dropped."""
        if self._is_v2:
            return int((self._memory / "memory.current").read_text()) - _row(
                self._memory / "memory.stat", "inactive_file"
            )
        used = int((self._memory / "memory.usage_in_bytes").read_text())
        return used - _row(self._memory / "memory.stat", "total_inactive_file")

    def status(self, field: str) -> set[str]:
        """What `/proc/<pid>/status` says of all its processes in one field."""
        return {_status(pid, field) for pid in self.pids()}

    def has_default_route(self) -> bool:
        """Whether its network leads anywhere but to the other containers of it."""
        lines = Path(f"/proc/{self.pids()[0]}/net/route").read_text().splitlines()[1:]
        return any(line.split()[1] == "00000000" for line in lines)

    def has_read_only_root(self) -> bool:
        """Whether the file system that its processes see at `/` takes no writes."""
        mounts = (Path(f"/proc/{self.pids()[0]}/mountinfo").read_text()).splitlines()
        return any(words[4] == "/" and "ro" in words[5].split(",") for words in map(str.split, mounts))


def _find(base: Path, container_id: str) -> Path:
    for path in _walk(base, MAX_DEPTH):
        if container_id in path.name:
            return path
    raise NotHere(f"no control group of {container_id[:12]} below {base}")


def _walk(base: Path, depth: int) -> Iterator[Path]:
    directories = [Path(entry.path) for entry in os.scandir(base) if entry.is_dir()] if base.is_dir() else []
    yield from directories
    if depth > 1:
        for each in directories:
            yield from _walk(each, depth - 1)


def _row(path: Path, name: str) -> int:
    return next(int(line.split()[1]) for line in path.read_text().splitlines() if line.split()[0] == name)


def _status(pid: int, field: str) -> str:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(line.partition(":")[2].strip() for line in lines if line.startswith(f"{field}:"))
