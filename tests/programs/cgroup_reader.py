"""Joins cgroups, fills memory, keeps a CPU busy between two readings, and prints what the probe and the kernel saw.

python -m tests.programs.cgroup_reader JSON: the directory of each v1 controller's cgroup, by controller.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

cgroups = {name: Path(path) for name, path in json.loads(sys.argv[1]).items()}
for path in cgroups.values():
    (path / "cgroup.procs").write_text(str(os.getpid()))

from collector.probes.resources.resources import ResourcesProbe  # noqa: E402

BUSY = "import time; end = time.monotonic() + 1.5\nwhile time.monotonic() < end: pass"

block = bytearray(200 * 2**20)
block[::4096] = b"x" * (len(block) // 4096)


def kernel() -> dict[str, float]:
    """What the kernel counts now."""
    stat = dict(line.split() for line in (cgroups["memory"] / "memory.stat").read_text().splitlines())
    cpu = dict(line.split() for line in (cgroups["cpu"] / "cpu.stat").read_text().splitlines())
    used_bytes = int((cgroups["memory"] / "memory.usage_in_bytes").read_text())
    return {
        "mono_s": time.monotonic(),
        "used_s": int((cgroups["cpuacct"] / "cpuacct.usage").read_text()) / 1e9,
        "throttled": int(cpu["nr_throttled"]),
        "working_set_bytes": used_bytes - int(stat["total_inactive_file"]),
    }


def used_cores(
    first: dict[str, float], last: dict[str, float], sooner: dict[str, float], later: dict[str, float]
) -> float:
    """Between the used time of two readings and the clock of two."""
    return (last["used_s"] - first["used_s"]) / (later["mono_s"] - sooner["mono_s"])


# The kernel is asked before and after each of the probe's own readings: what lies between is what it may say.
probe, asked = ResourcesProbe(), [kernel()]
probe.read()
asked.append(kernel())
subprocess.run([sys.executable, "-S", "-c", BUSY], check=True)
asked.append(kernel())
seen = probe.read()
asked.append(kernel())
print(
    json.dumps(
        {
            "cpu": vars(seen.cpu),
            "ram": vars(seen.ram),
            "working_set_bytes": asked[3]["working_set_bytes"],
            "least_cores": used_cores(asked[1], asked[2], asked[0], asked[3]),
            "most_cores": used_cores(asked[0], asked[3], asked[1], asked[2]),
            "throttled": asked[3]["throttled"] - asked[1]["throttled"],
        }
    )
)
