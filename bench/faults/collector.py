"""Faults of the collector: killed, paused, out of memory, stuck."""

import ctypes
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import redis

from bench.faults.measure import Fault, Row
from bench.faults.testbed import HOST, Testbed
from bench.faults.watch import Point
from tests.process import wait_until
from tests.web import ROOT

MEMORY = Path("/sys/fs/cgroup/memory")
CGROUP = MEMORY / f"zapvoice-faults-{uuid4().hex}"
"""A cgroup v1 for the collector alone. Needs root."""

MIB = 2**20
OUTAGE_TICKS = 200
"""What beat sends in ten minutes."""

_PTRACE_SEIZE, _PTRACE_INTERRUPT = 0x4206, 0x4207
_WAIT_ALL = 0x40000000  # __WALL of wait(2): threads as well.


def can_make_cgroups() -> bool:
    """Whether this machine lets us put a process into a memory cgroup v1."""
    return os.geteuid() == 0 and (MEMORY / "cgroup.procs").exists() and os.access(MEMORY, os.W_OK)


class CagedWard(Testbed):
    """A testbed whose collector runs in a memory cgroup of its own."""

    def __init__(self, interval_s: float) -> None:
        CGROUP.mkdir(exist_ok=True)
        enter = ("sh", "-c", f'echo $$ > {CGROUP}/cgroup.procs && exec "$@"', "sh")
        super().__init__(interval_s=interval_s, wraps={"collector": enter})

    def stop(self) -> None:
        super().stop()
        if CGROUP.exists():
            wait_until(lambda: not (CGROUP / "cgroup.procs").read_text(), 5, "the cgroup is empty")
            CGROUP.rmdir()


def make_testbed(interval_s: float = 3.0) -> Testbed:
    """A caged one, where the machine allows it."""
    return CagedWard(interval_s) if can_make_cgroups() else Testbed(interval_s=interval_s)


MEMORY_EATER = ROOT / "bench/programs/memory_eater.py"


def run_out_of_memory(testbed: Testbed) -> None:
    """Something else in the collector's cgroup wants more than there is, and the kernel picks the collector."""
    victim = testbed.process("collector")
    Path(f"/proc/{victim.pid}/oom_score_adj").write_text("1000")
    used = int((CGROUP / "memory.usage_in_bytes").read_text())
    (CGROUP / "memory.limit_in_bytes").write_text(str(used + 16 * MIB))
    try:
        # Whether it is killed as well, when the next collector starts beside it, does not matter.
        subprocess.run([sys.executable, "-S", str(MEMORY_EATER), str(CGROUP), "40"], check=False, timeout=20)
        wait_until(lambda: not victim.is_running(), 5, "the kernel has killed the collector")
    finally:
        (CGROUP / "memory.limit_in_bytes").write_text("-1")


class StuckThread:
    """The main thread of the collector stopped in its tracks while its other threads go on: alive, and taking nothing.

    That is what celery issues 8030, 9054, 10205 and 10502 look like from outside. Done by ptrace(2), whose tracer must
    be one and the same thread until the end.
    """

    def __init__(self) -> None:
        self._is_over = threading.Event()

    def strike(self, testbed: Testbed) -> None:
        """Stop the thread."""
        self._is_over.clear()
        is_stopped = threading.Event()
        arguments = (testbed.process("collector").pid, is_stopped)
        threading.Thread(target=self._hold, args=arguments, daemon=True).start()
        assert is_stopped.wait(5)

    def await_end(self, _testbed: Testbed) -> None:
        """Until the collector has ended itself."""
        assert self._is_over.wait(40), "the watchdog has not barked"

    def _hold(self, pid: int, is_stopped: threading.Event) -> None:
        ptrace = ctypes.CDLL(None, use_errno=True).ptrace
        ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        for request in (_PTRACE_SEIZE, _PTRACE_INTERRUPT):
            assert ptrace(request, pid, None, None) == 0, os.strerror(ctypes.get_errno())
        os.waitpid(pid, _WAIT_ALL)
        is_stopped.set()
        while not _has_ended(os.waitpid(pid, _WAIT_ALL)[1]):
            pass
        self._is_over.set()


def _has_ended(status: int) -> bool:
    return os.WIFEXITED(status) or os.WIFSIGNALED(status)


def look_for_the_bark(testbed: Testbed, row: Row, _points: Sequence[Point]) -> None:
    """The collector must have ended itself, as its watchdog does."""
    if "ticks are due and none is taken" not in testbed.log_of("collector"):
        row.faults.append("the watchdog has not barked")


def pile_up_ticks(testbed: Testbed) -> None:
    """What ten minutes of ticks leave in the queue of a collector that is paused, without waiting for them."""
    testbed.process("collector").suspend()
    with redis.Redis.from_url(testbed.redis.url) as client:
        queue = f"stats.{HOST}"
        wait_until(lambda: client.llen(queue), 10, "a tick waits")
        tick = client.lindex(queue, 0)
        stale = _expired(tick)
        client.rpush(queue, *[stale] * OUTAGE_TICKS)


def _expired(message: bytes) -> bytes:
    """The same tick, sent ten minutes ago."""
    envelope = json.loads(message)
    then = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() - 600))
    envelope["headers"]["expires"] = then
    return json.dumps(envelope).encode()


def look_for_a_burst(testbed: Testbed, row: Row, points: Sequence[Point]) -> None:
    """No three samples may come within an interval (a late one and its successor may), and no tick be left waiting."""
    if any(third.id_s - first.id_s < testbed.interval_s for first, third in zip(points, points[2:], strict=False)):
        row.faults.append("a burst of samples")
    with redis.Redis.from_url(testbed.redis.url) as client:
        waiting = client.llen(f"stats.{HOST}")
    if waiting > 2:
        row.faults.append(f"{waiting} ticks still wait")


def resume(testbed: Testbed) -> None:
    """Undo a SIGSTOP."""
    testbed.process("collector").resume()


_stuck = StuckThread()

KILLED = Fault(
    name="Collector: `kill -9`",
    strike=lambda testbed: testbed.kill("collector"),
    shows=None,
    lasts_s=0,
    stops_samples=True,
)
PAUSED = Fault(
    name="Collector: SIGSTOP for 12 s",
    strike=lambda testbed: testbed.process("collector").suspend(),
    heal=resume,
    lasts_s=12,
    stops_samples=True,
    check=look_for_a_burst,
)
STUCK = Fault(
    name="Collector: alive, but takes no ticks (main thread stuck)",
    strike=_stuck.strike,
    heal=_stuck.await_end,
    stops_samples=True,
    check=look_for_the_bark,
    note="the watchdog ends it; recovery counts from there",
)
BACKLOG = Fault(
    name="Collector: back to a queue with 10 minutes of ticks",
    strike=pile_up_ticks,
    heal=resume,
    stops_samples=True,
    check=look_for_a_burst,
)

FAULTS = (
    KILLED,
    PAUSED,
    Fault(
        name="Collector: killed by the kernel, out of memory (cgroup)",
        strike=run_out_of_memory,
        shows=None,
        stops_samples=True,
        obstacle="" if can_make_cgroups() else "needs root and a memory cgroup v1",
    ),
    STUCK,
    BACKLOG,
)
