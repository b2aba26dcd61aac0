"""File trees in the shape of a machine's `/`: a real kernel's recorded cgroup v2, and v1 as runtimes make it."""

import shutil
from dataclasses import asdict
from pathlib import Path

from collector.probes.resources.cgroup import CgroupProbe
from store.samples.resources import Cpu, Ram, Scope

RECORDED = Path(__file__).parent / "recorded" / "cgroup-v2-linux-6.1"
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


def flatten(cpu: Cpu, ram: Ram) -> dict[str, object]:
    groups = {"cpu": asdict(cpu), "ram": asdict(ram)}
    return {f"{group}.{key}": value for group, fields in groups.items() for key, value in fields.items()}
