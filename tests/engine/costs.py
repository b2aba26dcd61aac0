"""What the health checks take of the CPU, by the kernel's account of each container.

A check is run as Docker runs it, by `docker exec`: the start of a process in the container is part of its cost.
"""

import json
import time
from collections.abc import Sequence

from tests.engine.kernel import Container
from tests.engine.panel import Panel
from tests.engine.table import Table

RUNS = 7
IDLE_S = 4.0
CHECK_BAR_MS = 30.0
ALL_BAR_PERCENT = 0.1
SAMPLING = ("collector", "beat")


def run(panel: Panel, table: Table) -> None:
    """A row for those that prove a sample, one for all checks together."""
    checks = {name: json.loads(panel.inspect(name, "{{json .Config.Healthcheck}}")) for name in panel.containers()}
    costs_ms = {name: _measure(panel, name, check["Test"][1:]) for name, check in checks.items()}
    start_ms = _measure(panel, SAMPLING[0], ["true"])
    dearest_ms = max(costs_ms[name] for name in SAMPLING) - start_ms
    table.add(
        "the check that proves a sample",
        f"{CHECK_BAR_MS:g} ms of CPU or less",
        f"{dearest_ms:.0f} ms, beside the {start_ms:.0f} ms that Docker takes to start any process in a container",
        dearest_ms <= CHECK_BAR_MS,
    )
    intervals_s = {name: check["Interval"] / 1e9 for name, check in checks.items()}
    percent = sum(costs_ms[name] / 1000 / intervals_s[name] for name in costs_ms) * 100
    told = ", ".join(f"{name} {costs_ms[name]:.0f} ms each {intervals_s[name]:.0f} s" for name in sorted(costs_ms))
    table.add(
        "all checks together, Docker's part included",
        f"{ALL_BAR_PERCENT:g} % of a core or less",
        f"{percent:.3f} %: {told}",
        percent <= ALL_BAR_PERCENT,
    )


def _measure(panel: Panel, name: str, command: Sequence[str]) -> float:
    """The least CPU time that a command takes in a service's container (ms), less what that takes meanwhile without it.

    The least, since what else the machine does makes the same work dearer, never cheaper.
    """
    kernel = panel.kernel(name)
    idle_share = _idle_share(kernel)
    container = panel.containers()[name]
    costs_ms = []
    for _ in range(RUNS):
        before_s, began_mono_s = kernel.cpu_s(), time.monotonic()
        panel.engine.docker("exec", container, *command)
        costs_ms.append(1000 * (kernel.cpu_s() - before_s - idle_share * (time.monotonic() - began_mono_s)))
    return max(0.0, min(costs_ms))


def _idle_share(kernel: Container) -> float:
    before_s, began_mono_s = kernel.cpu_s(), time.monotonic()
    time.sleep(IDLE_S)
    return (kernel.cpu_s() - before_s) / (time.monotonic() - began_mono_s)
