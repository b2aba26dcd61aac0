"""Finds the directories of this process's cgroup, and whether the process is in a container.

`/proc/self/cgroup` names the process's cgroup in each hierarchy; `/proc/self/mountinfo` tells which part of a hierarchy
is mounted where. Source: cgroups(7), proc(5), kernel cgroup-v2.rst "Namespace".
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
"""Names that runtimes give to containers' cgroups. Their daemons run on the host: `/system.slice/docker.service`."""
_CONTAINER_MARKS = (".dockerenv", "run/.containerenv")
_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True)
class Hierarchy:
    """One controller's directories: the process's first, then each visible ancestor's."""

    version: int
    """Of the cgroup interface, 1 or 2; file names depend on it."""
    directories: tuple[Path, ...]
    """Empty if the controller is not mounted."""

    def counted_by(self, file_name: str) -> tuple[Path, ...]:
        """The directories from the first one with this file on: in v2 a controller may end above the leaf."""
        for depth, directory in enumerate(self.directories):
            if exists(directory, file_name):
                return self.directories[depth:]
        return ()


@dataclass(frozen=True)
class CgroupLocation:
    """The process's cgroup."""

    hierarchies: Mapping[str, Hierarchy]
    """One for each of CONTROLLERS."""
    is_container: bool


@dataclass(frozen=True)
class _Mount:
    """A mounted hierarchy or part of one: the directory `point` is the cgroup `root`."""

    version: int
    controllers: frozenset[str]
    root: PurePosixPath
    point: Path


def locate_cgroup(mountinfo: bytes, membership: bytes, root: Path) -> CgroupLocation:
    """The location, from the texts of `/proc/self/mountinfo` and `/proc/self/cgroup`; `root` is the directory `/`."""
    mounts = list(_parse_mounts(os.fsdecode(mountinfo), root))
    paths = _parse_membership(os.fsdecode(membership))
    hierarchies = {name: _find_hierarchy(name, mounts, paths) for name in CONTROLLERS}
    return CgroupLocation(hierarchies, _is_container(mounts, paths.values(), root))


def smallest_limit(limits: Iterable[float | None]) -> float | None:
    """The limit in effect under all of these: infinity means no limit; one unknown limit makes the result unknown."""
    limits = list(limits)
    known = [limit for limit in limits if limit is not None]
    return min(known) if known and len(known) == len(limits) else None


def _find_hierarchy(controller: str, mounts: list[_Mount], paths: Mapping[str, PurePosixPath]) -> Hierarchy:
    if controller in paths:
        mounts = [mount for mount in mounts if mount.version == 1 and controller in mount.controllers]
        return Hierarchy(1, _find_directories(mounts, paths[controller]))
    # A controller without a v1 hierarchy is v2's, also on a machine with both.
    mounts = [mount for mount in mounts if mount.version == 2]
    return Hierarchy(2, _find_directories(mounts, paths[""]) if "" in paths else ())


def _find_directories(mounts: list[_Mount], path: PurePosixPath) -> tuple[Path, ...]:
    for mount in mounts:
        # Compare as text, without resolving: `/..` in a path or root means above the cgroup namespace's root.
        if not path.is_relative_to(mount.root):
            continue
        inside = path.relative_to(mount.root)
        own = mount.point / inside
        if ".." not in inside.parts and exists(own):
            return (own, *own.parents)[: len(inside.parts) + 1]
    # The path is the host's and not visible here. Then the mount is the container's own cgroup.
    return next(((mount.point,) for mount in mounts if exists(mount.point)), ())


def _is_container(mounts: list[_Mount], paths: Iterable[PurePosixPath], root: Path) -> bool:
    names = [f"{name}/" for name in (*paths, *(mount.root for mount in mounts))]
    return (
        any(exists(root, mark) for mark in _CONTAINER_MARKS)
        or any(_CONTAINER_PATH.search(name) for name in names)
        # v2's real root counts no memory; a mount that does starts at a container's cgroup.
        or any(mount.version == 2 and exists(mount.point, "memory.current") for mount in mounts)
    )


def _parse_membership(text: str) -> dict[str, PurePosixPath]:
    """The process's cgroup by controller; v2's has the empty name. Lines are `id:controllers:path`."""
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
    """The path itself: the kernel escapes a space, tab, newline or backslash as `\\040` and so on."""
    return _OCTAL.sub(lambda found: chr(int(found[1], 8)), path)
