"""The figures of a v1 cgroup, with its separate controllers mounted as runtimes do."""

from store.samples.resources import Cpu, Ram, Scope
from tests.cgroup_trees import HOST_RAM, MIB, V1_MOUNTS, V1_RAM, V1_UNLIMITED, Machine, enter, v1_files, v1_membership


def test_v1_controllers_read_with_an_empty_v2_hierarchy_beside_them(machine: Machine) -> None:
    unified = "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"
    enter(machine, v1_membership("/docker/3f4c"), V1_MOUNTS + unified)
    machine.write({"sys/fs/cgroup/unified/cpu.stat": "usage_usec 1\n", **v1_files("/docker/3f4c")})
    machine.read()
    machine.mono_s += 2
    machine.write(v1_files("/docker/3f4c", used_ns=6_500_000_000, periods=30, throttled=9))

    cpu, ram = machine.read()

    # 1.5 s used in 2 s, of 1.5 cores; 9 - 4 of 30 - 10 periods.
    assert cpu == Cpu(scope=Scope.CONTAINER, percent=50.0, cores=1.5, throttled_percent=25.0)
    assert ram == V1_RAM


def test_a_v1_limit_above_the_mount_is_known_from_the_hierarchical_one(machine: Machine) -> None:
    enter(machine, v1_membership("/"), V1_MOUNTS)
    files = v1_files()
    files["sys/fs/cgroup/memory/memory.limit_in_bytes"] = V1_UNLIMITED
    machine.write(files)

    _, ram = machine.read()

    assert ram.limit_bytes == 400 * MIB


def test_a_v1_ancestors_limit_and_quota_hold(machine: Machine) -> None:
    enter(machine, v1_membership("/docker/a"), V1_MOUNTS)
    machine.write(v1_files("/docker/a"))
    machine.write(
        {
            "sys/fs/cgroup/memory/docker/memory.limit_in_bytes": f"{250 * MIB}\n",
            "sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_quota_us": "20000\n",
            "sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
        }
    )

    cpu, ram = machine.read()

    assert (cpu.cores, ram.limit_bytes) == (0.2, 250 * MIB)


def test_without_any_limit_a_v1_container_is_bound_by_the_machine(machine: Machine) -> None:
    enter(machine, v1_membership("/docker/a"), V1_MOUNTS)
    files = v1_files("/docker/a")
    memory = "sys/fs/cgroup/memory/docker/a"
    files[f"{memory}/memory.limit_in_bytes"] = V1_UNLIMITED
    files[f"{memory}/memory.stat"] = f"hierarchical_memory_limit {V1_UNLIMITED}total_inactive_file 0\n"
    files["sys/fs/cgroup/cpu,cpuacct/docker/a/cpu.cfs_quota_us"] = "-1\n"
    machine.write(files)

    cpu, ram = machine.read()

    assert (ram.limit_bytes, cpu.cores, cpu.throttled_percent) == (HOST_RAM.limit_bytes, 2, None)

    cpu, ram = machine.read(Cpu(scope=Scope.HOST), Ram(scope=Scope.HOST))

    assert (ram.limit_bytes, ram.percent, ram.used_bytes) == (None, None, 300 * MIB)


def test_a_cpuset_bounds_the_cores_and_the_old_name_of_its_file_serves_too(machine: Machine) -> None:
    enter(machine, v1_membership("/docker/a"), V1_MOUNTS)
    machine.write({**v1_files("/docker/a"), "sys/fs/cgroup/cpu,cpuacct/docker/a/cpu.cfs_quota_us": "-1\n"})
    host_cpu = Cpu(scope=Scope.HOST, cores=16)

    effective, _ = machine.read(host_cpu)
    (machine.root / "sys/fs/cgroup/cpuset/docker/a/cpuset.effective_cpus").unlink()
    configured, _ = machine.read(host_cpu)

    assert (effective.cores, configured.cores) == (3, 8)
