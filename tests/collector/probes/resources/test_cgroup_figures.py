"""The figures of a cgroup, on a real kernel's recorded files (v2), and counters as rates."""

from store.samples.resources import Cpu, Ram, Scope
from tests.cgroup_trees import DOCKER, DOCKER_CPU, DOCKER_RAM, GIB, HOST_RAM, KUBERNETES, MIB, RECORDED, Machine, enter


def test_a_docker_container_reads_as_its_recorded_kernel_figures_in_the_hosts_namespace(machine: Machine) -> None:
    recorded = RECORDED / "t0/proc/94"
    enter(machine, (recorded / "cgroup").read_text(), (recorded / "mountinfo").read_text())

    machine.place("t0")
    machine.read()
    machine.place("t3")

    assert machine.read() == (DOCKER_CPU, DOCKER_RAM)


def test_a_docker_container_reads_the_same_in_a_private_namespace(machine: Machine) -> None:
    enter(machine, "0::/\n")

    machine.place("t0", DOCKER)
    machine.read()
    machine.place("t3", DOCKER)

    assert machine.read() == (DOCKER_CPU, DOCKER_RAM)


def test_the_first_reading_has_no_rates_but_memory(machine: Machine) -> None:
    enter(machine, "0::/\n")
    machine.place("t0", DOCKER)

    cpu, ram = machine.read()

    assert cpu == Cpu(scope=Scope.CONTAINER, cores=0.5)
    assert (ram.used_bytes, ram.pressure_percent) == (210616320, None)


def test_a_kubernetes_container_is_bound_by_the_machine_where_its_pods_limit_is_larger(machine: Machine) -> None:
    enter(machine, f"0::/{KUBERNETES}\n")

    machine.place("t0")
    machine.read()
    machine.place("t3")
    cpu, ram = machine.read()

    # (9911484 - 6231639) us used and (143801 - 111538) us stalled in 3.81 s; no quota, so of two CPUs.
    assert cpu == Cpu(scope=Scope.CONTAINER, percent=48.3, cores=2, pressure_percent=0.8)
    assert (ram.scope, ram.used_bytes, ram.limit_bytes) == (Scope.CONTAINER, 311296, HOST_RAM.limit_bytes)


def test_a_limit_on_the_parent_holds_for_the_container(machine: Machine) -> None:
    enter(machine, f"0::/{KUBERNETES}\n")
    machine.place("t0")

    _, ram = machine.read(host_ram=Ram(scope=Scope.HOST, limit_bytes=4 * GIB))

    assert ram.limit_bytes == GIB


def test_a_quota_on_the_parent_holds_and_its_throttling_is_reported(machine: Machine) -> None:
    enter(machine, f"0::/{KUBERNETES}\n")
    pod = "sys/fs/cgroup/kubepods.slice"
    machine.place("t0")
    machine.write({f"{pod}/cpu.max": "25000 100000\n", f"{pod}/cpu.stat": "nr_periods 100\nnr_throttled 40\n"})
    machine.read()
    machine.write({f"{pod}/cpu.stat": "nr_periods 120\nnr_throttled 45\n"})

    cpu, _ = machine.read()

    assert (cpu.cores, cpu.throttled_percent) == (0.25, 25.0)


def test_a_limit_changed_while_running_is_seen_at_the_next_reading(machine: Machine) -> None:
    enter(machine, "0::/\n")
    machine.place("t0", DOCKER)
    machine.read()
    machine.write({"sys/fs/cgroup/memory.max": f"{300 * MIB}\n", "sys/fs/cgroup/cpu.max": "max 100000\n"})

    cpu, ram = machine.read()

    assert (ram.limit_bytes, cpu.cores, cpu.throttled_percent) == (300 * MIB, 2, None)


def test_a_working_set_is_never_below_zero(machine: Machine) -> None:
    enter(machine, "0::/\n")
    machine.place("t0", DOCKER)
    machine.write({"sys/fs/cgroup/memory.stat": "zswap_inactive_file 0\ninactive_file 999999999999\n"})

    _, ram = machine.read()

    assert (ram.used_bytes, ram.percent) == (0, 0.0)


def test_a_v2_memory_controller_that_ends_above_the_leaf_counts_there(machine: Machine) -> None:
    enter(machine, f"0::/{DOCKER}/inner\n")
    machine.place("t0")
    machine.write({f"sys/fs/cgroup/{DOCKER}/inner/cpu.stat": "usage_usec 1\n"})

    cpu, ram = machine.read()

    assert (ram.used_bytes, ram.limit_bytes, cpu.cores) == (210616320, 512 * MIB, 0.5)


def test_a_kernel_without_peak_oom_count_and_pressure_leaves_these_null(machine: Machine) -> None:
    enter(machine, "0::/\n")
    machine.place("t0", DOCKER)
    for name in ("memory.peak", "memory.events", "memory.pressure", "cpu.pressure"):
        (machine.root / "sys/fs/cgroup" / name).unlink()
    machine.read()
    machine.mono_s += 3

    cpu, ram = machine.read()

    assert (ram.peak_bytes, ram.oom_kills, ram.pressure_percent, cpu.pressure_percent) == (None, None, None, None)
    assert (ram.percent, cpu.percent) == (39.2, 0.0)


def test_a_counter_that_ran_backwards_reads_as_null_once(machine: Machine) -> None:
    enter(machine, "0::/\n")
    machine.place("t3", DOCKER)
    machine.read()
    machine.place("t0", DOCKER)
    machine.mono_s += 10

    restarted, _ = machine.read()
    machine.place("t3", DOCKER)
    machine.mono_s += 10
    following, _ = machine.read()

    assert (restarted.percent, restarted.throttled_percent, restarted.pressure_percent) == (None, None, None)
    assert following.throttled_percent == 100.0


def test_a_burst_above_the_quota_is_cut_at_100(machine: Machine) -> None:
    enter(machine, "0::/\n")
    machine.place("t0", DOCKER)
    machine.read()
    machine.place("t3", DOCKER)
    machine.mono_s -= 2

    cpu, _ = machine.read()

    assert cpu.percent == 100.0


def test_no_period_between_two_readings_says_nothing_of_throttling(machine: Machine) -> None:
    enter(machine, "0::/\n")
    machine.place("t0", DOCKER)
    machine.read()
    machine.mono_s += 3

    cpu, _ = machine.read()

    assert (cpu.percent, cpu.throttled_percent) == (0.0, None)
