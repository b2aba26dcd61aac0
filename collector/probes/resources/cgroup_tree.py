"""Where this process's cgroup files lie, and whether that is a container. What the files say is not told here.

Two texts tell it: `/proc/self/cgroup`, in which cgroup of which hierarchy the process is, and `/proc/self/mountinfo`,
where which part of a hierarchy is mounted. Source: cgroups(7), proc(5), kernel cgroup-v2.rst "Namespace".
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from collector.probes.resources.kernel_file import exists

CONTROLLERS = ("cpu", "cpuacct", "cpuset", "memory")

_CONTAINER_PATH = re.compile(
    r"/(docker/|docker-[0-9a-f]+\.scope|cri-containerd-|crio-|kubepods|libpod-|lxc[./]|ecs/|machine\.slice/)"
)
"""How runtimes name their containers' cgroups. Their daemons are on the host: `/system.slice/docker.service`."""
_CONTAINER_MARKS = (".dockerenv", "run/.containerenv")
_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True)
class Hierarchy:
    """One controller's directories: that of the process first, then each ancestor's that can be seen from here."""

    version: int
    """Of the cgroup interface, 1 or 2: it decides how the files are called."""
    directories: tuple[Path, ...]
    """Empty where the controller is not mounted."""

    def counted_by(self, file_name: str) -> tuple[Path, ...]:
        """The directories from the first that has this file: in v2 a controller may end above the leaf."""
        for depth, directory in enumerate(self.directories):
            if exists(directory / file_name):
                return self.directories[depth:]
        return ()


@dataclass(frozen=True)
class CgroupLocation:
    """Where the process is among the cgroups."""

    hierarchies: Mapping[str, Hierarchy]
    """One for each of CONTROLLERS."""
    is_container: bool


@dataclass(frozen=True)
class _Mount:
    """A mounted hierarchy or a part of one: what lies at `point` is the cgroup called `root`."""

    version: int
    controllers: frozenset[str]
    root: PurePosixPath
    point: Path


def locate_cgroup(mountinfo: bytes, membership: bytes, root: Path) -> CgroupLocation:
    """The place told by the texts of `/proc/self/mountinfo` and `/proc/self/cgroup`; `root` is the directory of `/`."""
    mounts = list(_parse_mounts(os.fsdecode(mountinfo), root))
    paths = _parse_membership(os.fsdecode(membership))
    hierarchies = {name: _find_hierarchy(name, mounts, paths) for name in CONTROLLERS}
    return CgroupLocation(hierarchies, _is_container(mounts, paths.values(), root))


def smallest_limit(limits: Iterable[float | None]) -> float | None:
    """The limit that holds where all of these do: infinity is none, and one that is unknown makes it unknown."""
    limits = list(limits)
    known = [limit for limit in limits if limit is not None]
    return min(known) if known and len(known) == len(limits) else None


def _find_hierarchy(controller: str, mounts: list[_Mount], paths: Mapping[str, PurePosixPath]) -> Hierarchy:
    if controller in paths:
        mounts = [mount for mount in mounts if mount.version == 1 and controller in mount.controllers]
        return Hierarchy(1, _find_directories(mounts, paths[controller]))
    # What no v1 hierarchy has taken is v2's, also on a machine that has both.
    mounts = [mount for mount in mounts if mount.version == 2]
    return Hierarchy(2, _find_directories(mounts, paths[""]) if "" in paths else ())


def _find_directories(mounts: list[_Mount], path: PurePosixPath) -> tuple[Path, ...]:
    for mount in mounts:
        # Lexical on purpose: `/..` in a path or a mount's root means above the root of the cgroup namespace.
        if not path.is_relative_to(mount.root):
            continue
        inside = path.relative_to(mount.root)
        own = mount.point / inside
        if ".." not in inside.parts and exists(own):
            return (own, *own.parents)[: len(inside.parts) + 1]
    # The path is the host's and cannot be seen from here. Then what is mounted is the container's own cgroup.
    return next(((mount.point,) for mount in mounts if exists(mount.point)), ())


def _is_container(mounts: list[_Mount], paths: Iterable[PurePosixPath], root: Path) -> bool:
    names = [f"{name}/" for name in (*paths, *(mount.root for mount in mounts))]
    return (
        any(exists(root / mark) for mark in _CONTAINER_MARKS)
        or any(_CONTAINER_PATH.search(name) for name in names)
        # v2's real root counts no memory: a mount that does begins at a container's cgroup.
        or any(mount.version == 2 and exists(mount.point / "memory.current") for mount in mounts)
    )


def _parse_membership(text: str) -> dict[str, PurePosixPath]:
    """The process's cgroup by controller, v2's under the empty name. Lines are `id:controllers:path`."""
    lines = (line.split(":", 2) for line in text.split("\n") if line.count(":") >= 2)
    return {name: PurePosixPath(path) for _, names, path in lines for name in names.split(",")}


def _parse_mounts(text: str, root: Path) -> Iterator[_Mount]:
    """The cgroup mounts. Lines are `id parent device root point options [tags] - type source super-options`."""
    for line in text.split("\n"):
        mount, _, kind = line.partition(" - ")
        fields, (file_system, *_, super_options) = mount.split(" "), ("", *kind.split(" "))[-3:]
        if file_system not in ("cgroup", "cgroup2") or len(fields) < 5:
            continue
        yield _Mount(
            version=2 if file_system == "cgroup2" else 1,
            controllers=frozenset(super_options.split(",")),
            root=PurePosixPath(_unescape(fields[3])),
            point=root / _unescape(fields[4]).lstrip("/"),
        )


def _unescape(path: str) -> str:
    """The path itself: the kernel writes a space, tab, newline or backslash in it as `\\040` and so on."""
    return _OCTAL.sub(lambda found: chr(int(found[1], 8)), path)
