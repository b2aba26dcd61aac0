"""CgroupProbe inside real v1 cgroups that the test makes, against what the kernel itself counts there.

Needs root and a kernel with v1 controllers. Where there are none it skips even in CI: a kernel cannot be installed.
"""

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.process import wait_until
from tests.programs.service import run

pytestmark = pytest.mark.live

CONTROLLERS = ("cpu", "cpuacct", "cpuset", "memory")
MIB = 2**20


@pytest.fixture
def cgroups() -> Iterator[dict[str, Path]]:
    """A fresh cgroup of each controller, named as Docker does; removed at the end, whatever happened."""
    name = f"docker-{uuid4().hex}.scope"
    made = {controller: Path("/sys/fs/cgroup") / controller / name for controller in CONTROLLERS}
    missing = [str(path.parent) for path in made.values() if not (path.parent / "cgroup.procs").exists()]
    if missing:
        pytest.skip(f"the kernel has no cgroup v1 here, which cannot be installed: {', '.join(missing)}")
    try:
        for path in made.values():
            try:
                path.mkdir(exist_ok=True)  # Controllers mounted together are one directory by two names.
            except OSError as exc:
                pytest.skip(f"a cgroup can only be made by root, on a machine or a kernel of one's own: {exc}")
        for file_name in ("cpuset.cpus", "cpuset.mems"):  # Empty in a new cpuset, and then no process may enter.
            inherited = (made["cpuset"].parent / file_name).read_text()
            (made["cpuset"] / file_name).write_text(inherited)
        (made["memory"] / "memory.limit_in_bytes").write_text(str(512 * MIB))
        yield made
    finally:
        for path in made.values():
            remove(path)


def remove(cgroup: Path) -> None:
    def is_gone() -> bool:
        with contextlib.suppress(OSError):  # Busy until the kernel has let go of the last process.
            cgroup.rmdir()
        return not cgroup.exists()

    wait_until(is_gone, what=f"{cgroup} can be removed")


def run_inside(cgroups: dict[str, Path]) -> dict[str, Any]:
    paths = json.dumps({name: str(path) for name, path in cgroups.items()})
    out, _ = run("cgroup_reader", paths)
    return json.loads(out)


def limit_to_quota(cgroups: dict[str, Path], cores: float = 0.5) -> float:
    if not (cgroups["cpu"] / "cpu.cfs_quota_us").exists():
        pytest.skip("the kernel is built without CPU quotas")
    (cgroups["cpu"] / "cpu.cfs_period_us").write_text("100000")
    (cgroups["cpu"] / "cpu.cfs_quota_us").write_text(f"{cores * 100_000:.0f}")
    return cores


def limit_to_one_cpu(cgroups: dict[str, Path]) -> float:
    first = (cgroups["cpuset"] / "cpuset.cpus").read_text().strip().replace(",", "-").split("-")[0]
    (cgroups["cpuset"] / "cpuset.cpus").write_text(first)
    return 1.0


def leave_unlimited(cgroups: dict[str, Path]) -> float:
    return float(os.cpu_count() or 1)


@pytest.mark.parametrize("limit", [limit_to_quota, limit_to_one_cpu, leave_unlimited])
def test_the_probe_agrees_with_the_kernel_inside_a_real_cgroup(
    cgroups: dict[str, Path], limit: Callable[[dict[str, Path]], float]
) -> None:
    cores = limit(cgroups)

    seen = run_inside(cgroups)

    cpu, ram = seen["cpu"], seen["ram"]
    assert (cpu["scope"], cpu["cores"]) == ("container", cores)
    least, most = (min(100 * seen[each] / cores, 100) for each in ("least_cores", "most_cores"))
    assert least - 0.1 <= cpu["percent"] <= most + 0.1
    assert (ram["scope"], ram["limit_bytes"]) == ("container", 512 * MIB)
    assert ram["used_bytes"] == pytest.approx(seen["working_set_bytes"], rel=0.02)
    assert ram["used_bytes"] > 200 * MIB
    assert ram["percent"] == pytest.approx(100 * ram["used_bytes"] / (512 * MIB), abs=0.1)
    assert ram["peak_bytes"] >= ram["used_bytes"]
    assert ram["oom_kills"] == 0


def test_a_busy_loop_fills_its_quota_and_is_throttled(cgroups: dict[str, Path]) -> None:
    limit_to_quota(cgroups, 0.2)
    seen: dict[str, Any] = {}

    def fills_it() -> bool:
        seen.update(run_inside(cgroups))
        return bool(seen["cpu"]["percent"] > 70 and seen["throttled"])

    # The kernel gives no more than the quota, and less on a busy machine: wait until it has that much.
    wait_until(fills_it, what="the machine has a fifth of a core to give")
    assert seen["cpu"]["throttled_percent"] > 0
