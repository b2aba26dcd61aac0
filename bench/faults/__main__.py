"""`make faults`: cause every fault, measure it, print the table. With --write it becomes docs/faults.md as well.

Takes some fifteen minutes on two cores. Services run side by side, `--lanes` at a time, each in a testbed of its own;
arguments choose the services. Exits with 1 when a row misses a target. A row that needs root or a C compiler says
so where there is none.
"""

import argparse
import importlib
import os
import platform
import sys
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from bench.faults.measure import DETECT_BAR_S, RECOVER_BAR_S, Fault, Row, measure
from bench.faults.testbed import Testbed
from bench.faults.workers import SLOTS, SLOW_BAR_S, STUCK_AFTER_S
from tests.web import ROOT

SERVICES = (
    "redis",
    "rabbitmq",
    "workers_on_rabbitmq",
    "workers_on_redis",
    "postgresql",
    "collector",
    "clock",
    "beat",
    "web",
    "viewers",
    "logs",
)
_is_over = threading.Event()
DOCUMENT = ROOT / "docs" / "faults.md"

HEAD = f"""\
# Faults

This table shows what the panel says while something is broken and how soon it recovers. `make faults` causes each fault
for real and measures it. `make test` repeats a part of the rows.

**Method.** Beat, collector and web run under their process manager with samples every 3 s, against their own Redis,
RabbitMQ and PostgreSQL; a TCP proxy (`tests/toxics.py`) is on each link. In the rows "Worker on Redis", a second Redis
takes RabbitMQ's place. Two observers look every 0.1 s: one asks `/healthz`, the other holds the stream open as the page
does and judges what it gets by the page's rules. A fault strikes at a random moment between two samples. Unless the row
names a time, it lasts until both observers have seen it; where it names a cause, until the page has named it too. The
test then removes the cause and nothing else: nobody restarts a process by hand or reloads the page.

**Columns.** *Seen*: from the strike until `/healthz` and the page report it. A dash means that nothing should show,
because the fault is over too soon or costs nothing. *Recovered*: from the end of the cause until both observers report
that all is well and a new sample has arrived. *Gap*: samples that could not exist, because Redis, the collector or
their link was down. *Lost*: samples that should have reached the viewer and did not. *Doubled*: samples that arrived
twice, or are in the stream twice.

**Targets.** Seen within {DETECT_BAR_S:g} s, recovered within {RECOVER_BAR_S:g} s, none lost, none doubled.

**Rows of a worker.** A real Celery worker with {SLOTS} slots is alive, and messages wait.
`STUCK_AFTER_S` is {STUCK_AFTER_S:g} s, the least that it may be: a standstill is seen within {DETECT_BAR_S:g} s more.
Where messages move, idle slots are seen within {SLOW_BAR_S:g} s, whatever `STUCK_AFTER_S` is, because workers are
asked for their slots each half minute. A message of the application that is lost or run twice misses the target.
"""


def main(arguments: Sequence[str]) -> int:
    """Measure and print. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.faults")
    parser.add_argument("services", nargs="*", choices=[*SERVICES, []], help="whose faults to measure; default: all")
    parser.add_argument("--write", action="store_true", help="write docs/faults.md")
    parser.add_argument("--lanes", type=int, default=3, help="services at a time")
    chosen = parser.parse_args(arguments)
    with ThreadPoolExecutor(chosen.lanes) as lanes:
        try:
            rows = [row for rows in lanes.map(_measure_all, chosen.services or SERVICES) for row in rows]
        except KeyboardInterrupt:
            print("Ending after the faults that are under way", file=sys.stderr)
            _is_over.set()  # So that every testbed is taken down in good order.
            raise
    table = "\n".join(render(rows))
    print(f"\n{table}\n\n{_summary(rows)}")
    if chosen.write:
        DOCUMENT.write_text(f"{HEAD}\n{table}\n\n{_summary(rows)}\n", encoding="utf-8")
    return 1 if any(row.outside for row in rows) else 0


def _measure_all(service: str) -> list[Row]:
    if _is_over.is_set():
        return []
    module = importlib.import_module(f"bench.faults.{service}")
    make_testbed = getattr(module, "make_testbed", Testbed)
    with make_testbed() as testbed:
        return [_measure(testbed, fault) for fault in module.FAULTS if not _is_over.is_set()]


def _measure(testbed: Testbed, fault: Fault) -> Row:
    if fault.obstacle:
        return Row(fault=fault, notes=[fault.obstacle])
    try:
        row = measure(testbed, fault)
    except Exception as error:  # noqa: BLE001  A fault that could not be caused must not cost the others their rows.
        row = Row(fault=fault, faults=[f"{type(error).__name__}: {error}"])
    print(*render([row])[2:], sep="\n", flush=True)
    return row


def render(rows: Iterable[Row]) -> list[str]:
    """The lines of the table, in Markdown."""
    lines = [
        "| fault | seen in `/healthz` | seen on the page | recovered | gap | lost | doubled | within the targets |",
        "|---|--:|--:|--:|--:|--:|--:|---|",
    ]
    for row in rows:
        word = "not measured" if row.fault.obstacle else f"**no**: {', '.join(row.outside)}" if row.outside else "yes"
        verdict = "; ".join([word, *row.notes])
        times = " | ".join(_seconds(value) for value in (row.health_s, row.page_s, row.recover_s))
        lines.append(f"| {row.fault.name} | {times} | {row.gap} | {row.lost} | {row.doubled} | {verdict} |")
    return lines


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} s"


def _summary(rows: Sequence[Row]) -> str:
    measured = [row for row in rows if not row.fault.obstacle]
    within = sum(not row.outside for row in measured)
    machine = f"{os.cpu_count()} cores, Linux {platform.release().partition('-')[0]}"
    return f"{within} of {len(measured)} rows within the targets. Measured on {datetime.now(UTC):%Y-%m-%d}, {machine}."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
