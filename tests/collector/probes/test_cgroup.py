"""CgroupProbe on a real kernel's recorded files (cgroup v2) and on v1 trees in the shapes that runtimes make."""

import re
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from collector.probes.cgroup import CgroupProbe
from collector.store.model import Cpu, Ram, Scope

RECORDED = Path(__file__).parents[2] / "recorded" / "cgroup-v2-linux-6.1"
DOCKER = "system.slice/docker-3f4c9a1be2d7a0c1d2e3f405162738495a6b7c8d9e0f1a2b3c4d5e6f708192a3.scope"
KUBERNETES = "kubepods.slice/cri-containerd-aa11bb22cc33dd44ee55ff6677889900aabbccddeeff00112233445566778899.scope"
V2_MOUNT = "24 22 0:21 / /sys/fs/cgroup rw,relatime - cgroup2 c rw\n"

MIB = 2**20
GIB = 2**30
V1_UNLIMITED = "9223372036854771712\n"

# The recorded machine: `proc/meminfo` says 996380 kB, `proc/stat` names two CPUs.
HOST_CPU = Cpu(scope=Scope.HOST, percent=7.0, cores=2)
HOST_RAM = Ram(scope=Scope.HOST, used_bytes=300 * MIB, limit_bytes=996380 * 1024, percent=30.8)

DOCKER_CPU = Cpu(
    scope=Scope.CONTAINER,
    percent=96.4,  # (4946101 - 3108751) us used in 3.81 s, of half a core
    cores=0.5,
    throttled_percent=100.0,  # 98 - 62 of 99 - 63 periods
    pressure_percent=47.8,  # (4900933 - 3081563) us of 3.81 s
)
DOCKER_RAM = Ram(
    scope=Scope.CONTAINER,
    used_bytes=210616320,
    limit_bytes=512 * MIB,
    percent=39.2,
    peak_bytes=211419136,
    oom_kills=0,
    pressure_percent=0.0,
)


class Machine:
    """A file tree in the shape of a machine's `/`, with its own clock."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.mono_s = 1000.0
        self.probe = CgroupProbe(proc=root / "proc", root=root, monotonic=lambda: self.mono_s)

    def write(self, files: dict[str, str | bytes]) -> None:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode() if isinstance(text, str) else text)

    def place(self, snapshot: str, source: str = "", target: str = "sys/fs/cgroup") -> None:
        """Copy the recorded cgroup `source` to `target`, and take over the snapshot's time."""
        recorded = RECORDED / snapshot
        shutil.copytree(recorded / "sys/fs/cgroup" / source, self.root / target, dirs_exist_ok=True)
        self.mono_s = float((recorded / "proc/uptime").read_text().split()[0])

    def read(self, host_cpu: Cpu = HOST_CPU, host_ram: Ram = HOST_RAM) -> tuple[Cpu, Ram]:
        return self.probe.read(host_cpu, host_ram)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def enter(machine: Machine, membership: str, mountinfo: str = V2_MOUNT) -> None:
    machine.write({"proc/self/cgroup": membership, "proc/self/mountinfo": mountinfo})


def v1_mount(controllers: str, *, root: str = "/", point: str = "") -> str:
    point = point or f"/sys/fs/cgroup/{controllers}"
    return f"33 31 0:30 {root} {point} rw,relatime shared:9 - cgroup cgroup rw,{controllers}\n"


V1_MOUNTS = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n" + "".join(
    v1_mount(controllers) for controllers in ("cpu,cpuacct", "cpuset", "memory")
)


def v1_membership(path: str) -> str:
    lines = ("9:name=systemd:", "4:memory:", "3:cpuset:", "1:cpu,cpuacct:")
    return "".join(f"{line}{path}\n" for line in lines) + "0::/\n"


def v1_files(path: str = "", *, used_ns: int = 5_000_000_000, periods: int = 10, throttled: int = 4) -> dict[str, str]:
    """A v1 cgroup of 300 MiB with 100 MiB of it inactive file, limit 400 MiB, quota 1.5 cores, CPUs 0, 1 and 3."""
    cpu, cpuset, memory = (f"sys/fs/cgroup/{name}{path}" for name in ("cpu,cpuacct", "cpuset", "memory"))
    return {
        f"{cpu}/cpuacct.usage": f"{used_ns}\n",
        f"{cpu}/cpu.cfs_quota_us": "150000\n",
        f"{cpu}/cpu.cfs_period_us": "100000\n",
        f"{cpu}/cpu.stat": f"nr_periods {periods}\nnr_throttled {throttled}\nthrottled_time 7\n",
        f"{cpuset}/cpuset.cpus": "0-7\n",
        f"{cpuset}/cpuset.effective_cpus": "0-1,3\n",
        f"{memory}/memory.usage_in_bytes": f"{300 * MIB}\n",
        f"{memory}/memory.limit_in_bytes": f"{400 * MIB}\n",
        f"{memory}/memory.max_usage_in_bytes": f"{350 * MIB}\n",
        f"{memory}/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
        f"{memory}/memory.stat": (
            f"cache 1\ninactive_file 7\nhierarchical_memory_limit {400 * MIB}\ntotal_inactive_file {100 * MIB}\n"
        ),
    }


V1_RAM = Ram(
    scope=Scope.CONTAINER,
    used_bytes=200 * MIB,
    limit_bytes=400 * MIB,
    percent=50.0,
    peak_bytes=350 * MIB,
    oom_kills=2,
)


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


def test_a_quota_on_the_parent_holds_and_its_throttling_is_told(machine: Machine) -> None:
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


@pytest.mark.parametrize(
    ("path", "mount_root", "directory"),
    [
        ("/docker/3f4c", "/", "/docker/3f4c"),
        ("/docker/3f4c", "/docker/3f4c", ""),  # Docker on v1: the container's part is mounted, the path is the host's.
        ("/docker/3f4c/nested", "/docker/3f4c", "/nested"),
        ("/", "/", ""),
        ("/", "/docker/3f4c", ""),  # A namespace made after the mount.
        ("/kubepods/pod1/c1", "/", ""),  # The host's path, not to be seen from here.
        ("/../other", "/", ""),  # Outside of the namespace.
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


def test_a_bare_hosts_service_without_limits_is_the_host(machine: Machine) -> None:
    enter(machine, "0::/system.slice/docker.service\n")
    machine.place("t0", KUBERNETES, "sys/fs/cgroup/system.slice/docker.service")

    assert machine.read() == (HOST_CPU, HOST_RAM)


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


def test_a_v1_container_is_known_by_what_is_mounted_in_it(machine: Machine) -> None:
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


def test_a_process_moved_to_another_cgroup_is_followed_and_counted_anew(machine: Machine) -> None:
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


@pytest.mark.parametrize(
    ("name", "lost"),
    [
        ("memory.current", {"ram.used_bytes", "ram.percent"}),
        ("memory.stat", {"ram.used_bytes", "ram.percent"}),
        ("memory.max", {"ram.limit_bytes", "ram.percent"}),
        ("memory.peak", {"ram.peak_bytes"}),
        ("memory.events", {"ram.oom_kills"}),
        ("memory.pressure", {"ram.pressure_percent"}),
        ("cpu.pressure", {"cpu.pressure_percent"}),
        ("cpu.stat", {"cpu.percent", "cpu.throttled_percent"}),
        ("cpu.max", {"cpu.cores", "cpu.percent", "cpu.throttled_percent"}),
        ("cpuset.cpus.effective", {"cpu.cores", "cpu.percent"}),
    ],
)
@pytest.mark.parametrize("garbage", [b"", b"\xff\x00", b"-5\n", b"1.5\n", b"7" * 5000, b"some avg10=x\n", None])
def test_what_cannot_be_read_takes_only_its_own_figures_with_it(
    machine: Machine, name: str, lost: set[str], garbage: bytes | None
) -> None:
    enter(machine, "0::/\n", V2_MOUNT)
    machine.write({".dockerenv": ""})
    machine.place("t0", DOCKER)
    machine.read()
    machine.place("t3", DOCKER)
    path = machine.root / "sys/fs/cgroup" / name
    path.unlink()
    if garbage is None:
        path.mkdir()  # Opens, and cannot be read.
    else:
        path.write_bytes(garbage)

    seen = flatten(*machine.read())

    expected = flatten(DOCKER_CPU, DOCKER_RAM)
    assert seen == {key: None if key in lost else value for key, value in expected.items()}


def flatten(cpu: Cpu, ram: Ram) -> dict[str, object]:
    groups = {"cpu": asdict(cpu), "ram": asdict(ram)}
    return {f"{group}.{key}": value for group, fields in groups.items() for key, value in fields.items()}


FUZZED = ["proc/self/cgroup", "proc/self/mountinfo"] + [
    f"sys/fs/cgroup/{path.name}" for path in sorted((RECORDED / "t0/sys/fs/cgroup" / DOCKER).iterdir())
]
LINES = st.text("0123456789 :/-.,\\\nmaxcpugrosetl\x00", max_size=60).map(str.encode)


@settings(deadline=None)  # Files are written: a busy disk is no failure.
@given(garbage=st.dictionaries(st.sampled_from(FUZZED), st.binary(max_size=60) | LINES, min_size=1))
@example({"proc/self/mountinfo": V2_MOUNT.replace("cgroup rw", r"\000 rw").encode()})
@example({"proc/self/cgroup": b"0::/" + b"x" * 300})
def test_no_text_in_any_file_raises_or_leaves_the_range(garbage: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        machine = Machine(Path(directory))
        enter(machine, "0::/\n")
        machine.place("t0", DOCKER)
        machine.write(dict(garbage))
        machine.read()
        machine.mono_s += 3

        seen = flatten(*machine.read())

    for key, value in seen.items():
        if key.endswith("percent"):
            assert value is None or 0 <= value <= 100, key
        elif key.endswith(("bytes", "kills", "cores")):
            assert value is None or value >= 0, key


@settings(deadline=None, max_examples=50)
@given(
    garbage=st.binary(max_size=60).filter(lambda text: not re.search(rb"[0-9]|max", text)),
    name=st.sampled_from(FUZZED[2:]),
)
def test_text_without_a_number_only_makes_figures_null(garbage: bytes, name: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        machine = Machine(Path(directory))
        enter(machine, "0::/\n")
        machine.write({".dockerenv": ""})
        machine.place("t0", DOCKER)
        machine.read()
        machine.place("t3", DOCKER)
        machine.write({name: garbage})

        seen = flatten(*machine.read())

    expected = flatten(DOCKER_CPU, DOCKER_RAM)
    assert all(value is None or value == expected[key] for key, value in seen.items())
