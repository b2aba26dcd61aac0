"""Finds this process's cgroup, tells a container's from the host's, and follows a move."""

import shutil
from pathlib import Path

import pytest

from store.samples.resources import Cpu, Scope
from tests.cgroup_trees import (
    DOCKER,
    HOST_CPU,
    HOST_RAM,
    KUBERNETES,
    MIB,
    V1_RAM,
    V2_MOUNT,
    Machine,
    enter,
    v1_files,
    v1_membership,
    v1_mount,
)


@pytest.mark.parametrize(
    ("path", "mount_root", "directory"),
    [
        ("/docker/3f4c", "/", "/docker/3f4c"),
        ("/docker/3f4c", "/docker/3f4c", ""),  # Docker on v1: the container's part is mounted, the path is the host's.
        ("/docker/3f4c/nested", "/docker/3f4c", "/nested"),
        ("/", "/", ""),
        ("/", "/docker/3f4c", ""),  # A namespace made after the mount.
        ("/kubepods/pod1/c1", "/", ""),  # The host's path, not visible here.
        ("/../other", "/", ""),  # Outside the namespace.
        ("/", "/..", ""),
    ],
)
def test_the_cgroup_is_found_however_it_is_mounted(
    machine: Machine, path: str, mount_root: str, directory: str
) -> None:
    names = ("cpu,cpuacct", "cpuset", "memory")
    enter(machine, v1_membership(path), "".join(v1_mount(name, root=mount_root) for name in names))
    machine.write(v1_files(directory))

    cpu, ram = machine.read()

    assert (ram, cpu.cores) == (V1_RAM, 1.5)


def test_a_path_outside_of_the_namespace_does_not_lead_out_of_the_mount(machine: Machine) -> None:
    enter(machine, "0::/../other\n")
    machine.place("t0", DOCKER)
    machine.place("t0", KUBERNETES, "sys/fs/other")

    cpu, ram = machine.read()

    assert (cpu.cores, ram.used_bytes) == (0.5, 210616320)


def test_a_mount_point_with_a_space_and_controllers_mounted_apart_are_found(machine: Machine) -> None:
    mounts = (
        v1_mount("cpuacct", point=r"/control\040groups/cpuacct")
        + v1_mount("cpu", point=r"/control\040groups/cpu")
        + v1_mount("memory", point=r"/control\040groups/memory")
    )
    enter(machine, "3:memory:/m\n2:cpuacct:/a\n1:cpu:/c\n", mounts)
    files = v1_files()
    machine.write(
        {
            "control groups/cpuacct/a/cpuacct.usage": "7\n",
            "control groups/cpu/c/cpu.cfs_quota_us": "50000\n",
            "control groups/cpu/c/cpu.cfs_period_us": "100000\n",
            **{f"control groups/memory/m/{Path(name).name}": text for name, text in files.items() if "memory" in name},
        }
    )

    cpu, ram = machine.read()

    assert (cpu.cores, ram) == (0.5, V1_RAM)


def test_each_resource_has_its_own_scope(machine: Machine) -> None:
    enter(machine, "0::/system.slice/panel.service\n")
    service = "sys/fs/cgroup/system.slice/panel.service"
    machine.place("t0", KUBERNETES, service)
    machine.write({f"{service}/memory.max": f"{128 * MIB}\n"})

    cpu, ram = machine.read()

    assert cpu == HOST_CPU
    assert (ram.scope, ram.limit_bytes) == (Scope.CONTAINER, 128 * MIB)


@pytest.mark.parametrize(
    "path",
    [
        "/docker/3f4c",
        "/system.slice/docker-3f4c.scope",
        "/kubepods/besteffort/pod1/c1",
        "/kubepods.slice/kubepods-pod1.slice/crio-3f4c.scope",
        "/system.slice/cri-containerd-3f4c.scope",
        "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-3f4c.scope/container",
        "/lxc/panel",
        "/lxc.payload.panel",
        "/machine.slice/machine-panel.scope",
        "/ecs/task/3f4c",
    ],
)
def test_a_runtimes_cgroup_is_known_by_its_name(machine: Machine, path: str) -> None:
    enter(machine, f"0::{path}\n")
    machine.place("t0", KUBERNETES, f"sys/fs/cgroup{path}")

    cpu, ram = machine.read()

    assert (cpu.scope, ram.scope) == (Scope.CONTAINER, Scope.CONTAINER)


def test_a_v2_container_is_known_by_its_root_counting_memory(machine: Machine) -> None:
    enter(machine, "0::/\n")
    machine.place("t0", KUBERNETES)

    cpu, ram = machine.read()

    assert (cpu.scope, ram.scope) == (Scope.CONTAINER, Scope.CONTAINER)


def test_a_v1_container_is_recognised_by_its_mounts(machine: Machine) -> None:
    enter(machine, "2:cpuacct:/\n", v1_mount("cpuacct", root="/docker/3f4c"))
    machine.write({"sys/fs/cgroup/cpuacct/cpuacct.usage": "1\n"})

    cpu, _ = machine.read()

    assert cpu == Cpu(scope=Scope.CONTAINER, cores=2)


@pytest.mark.parametrize("mark", [".dockerenv", "run/.containerenv"])
def test_a_container_is_known_by_its_runtimes_mark(machine: Machine, mark: str) -> None:
    enter(machine, "0::/any\n")
    machine.place("t0", KUBERNETES, "sys/fs/cgroup/any")
    machine.write({mark: ""})

    cpu, ram = machine.read()

    assert (cpu.scope, ram.scope) == (Scope.CONTAINER, Scope.CONTAINER)


def test_without_any_cgroup_the_host_stands(machine: Machine) -> None:
    machine.write({".dockerenv": ""})

    assert machine.read() == (HOST_CPU, HOST_RAM)


def test_a_process_moved_to_another_cgroup_is_followed_and_its_counters_start_anew(machine: Machine) -> None:
    enter(machine, f"0::/{KUBERNETES}\n")
    machine.place("t0")
    machine.read()
    enter(machine, f"0::/{DOCKER}\n")
    machine.place("t3")

    cpu, ram = machine.read()

    assert (cpu.percent, cpu.cores, ram.limit_bytes) == (None, 0.5, 512 * MIB)


def test_a_cgroup_that_vanishes_is_looked_for_again(machine: Machine) -> None:
    enter(machine, "0::/\n")
    machine.place("t0", DOCKER)
    machine.read()
    shutil.rmtree(machine.root / "sys")
    enter(machine, "0::/\n", V2_MOUNT.replace("/sys/fs/cgroup", "/elsewhere"))
    machine.place("t3", DOCKER, "elsewhere")

    cpu, ram = machine.read()

    assert (cpu.percent, cpu.cores, ram.used_bytes) == (None, 0.5, 210616320)


def test_a_bare_hosts_service_without_limits_is_the_host(machine: Machine) -> None:
    enter(machine, "0::/system.slice/docker.service\n")
    machine.place("t0", KUBERNETES, "sys/fs/cgroup/system.slice/docker.service")

    assert machine.read() == (HOST_CPU, HOST_RAM)
