"""A service that fails ten thousand times a second must cost the panel nothing, and itself little."""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

from bench.faults.measure import Fault, Row
from bench.faults.testbed import Testbed
from bench.faults.viewers import web_worker
from bench.faults.watch import Point
from bench.faults.witness import Witness
from store.logs.log_store import LogStore
from store.samples.live import redis_client
from tests.process import wait_until
from tests.web import ROOT

RECORDS_PER_S = 10_000
SECONDS = 12
EMIT_BAR_US = 50
"""Median cost of a record to the service; some 2 µs on an idle machine."""

REDIS_BAR_BYTES = 8 * 2**20

PROGRAM = "bench.programs.failing_service"


class Flood:
    """The service, a witness who watches how late samples are, and what it all takes."""

    def prepare(self, testbed: Testbed) -> None:
        """The first seconds are what the later ones are held against."""
        self._witness = Witness(testbed, queues=1)
        with redis_client(testbed.redis_url) as client:
            self._redis_before = client.info("memory")["used_memory"]
        self._web_before_s = sum(web_worker(testbed).cpu_times()[:2])

    def strike(self, testbed: Testbed) -> None:
        """It begins."""
        self._struck = time.monotonic()
        command = [sys.executable, "-m", PROGRAM, testbed.environ["REDIS_URL"], str(SECONDS), str(RECORDS_PER_S)]
        self._service = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    def end(self, testbed: Testbed) -> None:
        """It ends by itself; its last lines are sent."""
        out, _ = self._service.communicate(timeout=60)
        self._sent, self._median_us, self._p99_us, self._cpu_s = json.loads(out)
        self._delays = self._witness.delays_since(self._struck)
        self._web_cpu_s = sum(web_worker(testbed).cpu_times()[:2]) - self._web_before_s
        self._witness.stop()

    def judge(self, testbed: Testbed, row: Row, _points: Sequence[Point]) -> None:
        """Nobody waits longer, nothing grows, and every record is either there or counted."""
        with redis_client(testbed.redis_url) as client:
            store = LogStore(client)
            wait_until(lambda: _accounted(store) >= self._sent, 5, "everything is sent or counted")
            grown = client.info("memory")["used_memory"] - self._redis_before
            recent, accounted = store.recent(), _accounted(store)
        before, during = self._witness.median_before_s(self._struck), statistics.median(self._delays)
        row.notes.append(
            f"{self._sent} records: {self._sent - recent.dropped} in {len(recent.groups)} groups, "
            f"{recent.dropped} counted as dropped; "
            f"a record costs the service {self._median_us:.1f} µs (p99 {self._p99_us:.0f}); "
            f"others' median delay {before * 1000:.1f} → {during * 1000:.1f} ms; Redis + {grown / 2**20:.1f} MB; "
            f"web process {self._web_cpu_s / SECONDS * 100:.1f} % of a core"
        )
        if accounted != self._sent:
            row.faults.append(f"{accounted} accounted for")
        if during > 2 * before + 0.005:
            row.faults.append("the others wait longer")
        if self._median_us > EMIT_BAR_US:
            row.faults.append("logging is slow")
        if grown > REDIS_BAR_BYTES:
            row.faults.append("Redis grows")


def _accounted(store: LogStore) -> int:
    recent = store.recent()
    return recent.dropped + sum(group["count"] for group in recent.groups if group["service"] == "flooding")


_flood = Flood()

FAULTS = (
    Fault(
        name=f"Logs: {RECORDS_PER_S:,} records a second of one service",
        prepare=_flood.prepare,
        strike=_flood.strike,
        heal=_flood.end,
        shows=None,
        lasts_s=SECONDS,
        must_stay_well=True,
        check=_flood.judge,
    ),
)
