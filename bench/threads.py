"""Where the panel's CPU time goes, thread by thread, while it watches: `make bench-threads`.

The same load as `bench/cost.py`, without peers. Time is each thread's `schedstat`, wakings are its voluntary switches;
the threads' names are what py-spy finds, once, before the time begins.
"""

import argparse
import json
import subprocess
import sys
import time
from dataclasses import astuple, dataclass
from pathlib import Path

from bench.cost import OURS, SETTLE_S
from bench.watched import one_viewer, watching_stack

PY_SPY = Path(sys.executable).with_name("py-spy")

Thread = tuple[int, int]
"""Process and thread id."""


@dataclass(frozen=True)
class Use:
    """What a thread has used since it began."""

    cpu_s: float
    wakings: int


def main() -> int:
    """Print each thread's share of a core, its wakings and what one of them costs."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=120)
    seconds = parser.parse_args().seconds
    with watching_stack() as stack, one_viewer(stack):
        time.sleep(SETTLE_S)
        pids = {process.pid: program for program in OURS.values() for process in stack.processes(program)}
        names = {pid: _thread_names(pid) for pid in pids}
        before, begun = _uses(pids), time.monotonic()
        time.sleep(seconds)
        after, elapsed_s = _uses(pids), time.monotonic() - begun
    spent = {thread: _less(after[thread], before.get(thread, Use(0, 0))) for thread in after}
    print(f"{'thread':34} {'% of a core':>11} {'wakings/s':>10} {'µs each':>8}")
    for thread, use in sorted(spent.items(), key=lambda each: -each[1].cpu_s):
        print(_row(_name(thread, pids, names), use, elapsed_s))
    print(_row("altogether", Use(*map(sum, zip(*map(astuple, spent.values()), strict=True))), elapsed_s))
    return 0


def _less(after: Use, before: Use) -> Use:
    return Use(after.cpu_s - before.cpu_s, after.wakings - before.wakings)


def _row(name: str, use: Use, elapsed_s: float) -> str:
    each_us = use.cpu_s / use.wakings * 1e6 if use.wakings else 0.0
    return f"{name:34} {use.cpu_s / elapsed_s * 100:11.3f} {use.wakings / elapsed_s:10.2f} {each_us:8.0f}"


def _uses(pids: dict[int, str]) -> dict[Thread, Use]:
    return {
        (pid, int(task.name)): Use(_cpu_s(task), _wakings(task))
        for pid in pids
        for task in Path(f"/proc/{pid}/task").iterdir()
    }


def _cpu_s(task: Path) -> float:
    return int((task / "schedstat").read_text().split()[0]) / 1e9


def _wakings(task: Path) -> int:
    lines = (task / "status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt_switches"))


def _thread_names(pid: int) -> dict[int, str]:
    """Python's names of a process' threads; none where it is not Python's, or may not be looked into."""
    found = subprocess.run([PY_SPY, "dump", "--json", "--pid", str(pid)], capture_output=True, check=False)
    threads = json.loads(found.stdout) if found.returncode == 0 else []
    return {int(thread["os_thread_id"]): thread["thread_name"] for thread in threads if thread["os_thread_id"]}


def _name(thread: Thread, pids: dict[int, str], names: dict[int, dict[int, str]]) -> str:
    pid, task = thread
    return f"{pids[pid]}: {names[pid].get(task, 'its own' if task == pid else task)}"


if __name__ == "__main__":
    sys.exit(main())
