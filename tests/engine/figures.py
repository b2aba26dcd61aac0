"""What the page shows of a container, beside what `docker stats` and the kernel's files say of it."""

import json
import re
import statistics

from tests.engine.panel import PROGRAMS, SERVERS, Panel
from tests.engine.table import Table

SAMPLES = 8
RAM_SLACK_MIB = 6.0
CPU_SLACK_PERCENT = 2.0
UNITS = {"B": 1 / 1024**2, "KiB": 1 / 1024, "MiB": 1.0, "GiB": 1024.0}


def run(panel: Panel, table: Table) -> None:
    """The collector's own figures, and those that web and beat report."""
    collector = panel.kernel("collector")
    stream = panel.samples()
    next(stream)
    cpu_before_s, samples = collector.cpu_s(), []
    for sample in stream:
        samples.append(sample)
        if len(samples) == SAMPLES:
            break
    used_s = collector.cpu_s() - cpu_before_s
    stats = _stats(panel)
    kernel_mib = collector.working_set_bytes() / 1024**2
    ram_mib = float(samples[-1]["ram"])
    table.add(
        "RAM of the collector's container",
        f"within {RAM_SLACK_MIB:g} MiB of both",
        f"page {ram_mib:.0f}, kernel {kernel_mib:.0f}, `docker stats` {stats['collector']:.0f} MiB",
        abs(ram_mib - kernel_mib) <= RAM_SLACK_MIB and abs(ram_mib - stats["collector"]) <= RAM_SLACK_MIB,
    )
    elapsed_s = samples[-1]["at"] - samples[0]["at"] + _interval_s(samples)
    cpus = float(panel.inspect("collector", "{{.HostConfig.NanoCpus}}")) / 1e9
    of_kernel = 100 * used_s / elapsed_s / cpus
    of_page = statistics.mean(sample["cpu"] for sample in samples if sample["cpu"] is not None)
    table.add(
        "CPU of the collector's container",
        f"within {CPU_SLACK_PERCENT:g} points of what the kernel has counted",
        f"page {of_page:.1f} %, kernel {of_kernel:.1f} % of its {cpus:g} cores",
        abs(of_page - of_kernel) <= CPU_SLACK_PERCENT,
    )
    limit_mib = float(panel.inspect("collector", "{{.HostConfig.Memory}}")) / 1024**2
    percent = samples[-1]["ram_percent"]
    table.add(
        "RAM in percent",
        "of Docker's limit",
        f"{percent:.1f} % of {limit_mib:.0f} MiB",
        abs(percent - 100 * ram_mib / limit_mib) < 1,
    )
    for report in samples[-1]["containers"]:
        name, seen_mib = report["name"], report["ram"]["used_bytes"] / 1024**2
        table.add(
            f"RAM that {name} reports of itself",
            f"within {RAM_SLACK_MIB:g} MiB of `docker stats`",
            f"page {seen_mib:.0f}, `docker stats` {stats[name]:.0f} MiB",
            abs(seen_mib - stats[name]) <= RAM_SLACK_MIB,
        )
    of_all = {name: panel.kernel(name).working_set_bytes() / 1024**2 for name in (*SERVERS, *PROGRAMS)}
    table.add(
        "memory of the panel's own programs",
        "told",
        ", ".join(f"{name} {mib:.0f}" for name, mib in of_all.items()) + " MiB",
        held=True,
    )


def _interval_s(samples: list[dict[str, float]]) -> float:
    return (samples[-1]["at"] - samples[0]["at"]) / (len(samples) - 1)


def _stats(panel: Panel) -> dict[str, float]:
    """What `docker stats` says of each service's memory (MiB)."""
    ids = panel.containers()
    lines = panel.engine.docker("stats", "--no-stream", "--no-trunc", "--format", "{{json .}}", *ids.values()).stdout
    rows = [json.loads(line) for line in lines.splitlines()]
    used = {row["ID"]: re.match(r"([\d.]+)(\w+)", row["MemUsage"]) for row in rows}
    return {name: float(used[each][1]) * UNITS[used[each][2]] for name, each in ids.items()}  # type: ignore[index]
