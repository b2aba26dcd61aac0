"""A service that fails ten thousand times a second must cost the panel nothing, and itself little."""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

from store.logs.logs import LogStore
from store.samples.live import redis_client
from tests.faults.measure import Fault, Row
from tests.faults.viewers import web_worker
from tests.faults.ward import Ward
from tests.faults.watch import Point
from tests.faults.witness import Witness
from tests.process import wait_until
from tests.web import ROOT

RECORDS_PER_S = 10_000
SECONDS = 12
EMIT_BAR_US = 50
"""Median cost of a record to the service; some 2 µs on an idle machine."""

REDIS_BAR_BYTES = 8 * 2**20

# Every tenth record has a traceback, every hundredth a text of its own, and all of them secrets.
_SERVICE = f"""
import json, logging, sys, time
from collector.logs import CriticalLogHandler

class Timed(CriticalLogHandler):
    costs_ns = []
    def handle(self, record):
        before = time.perf_counter_ns()
        super().handle(record)
        self.costs_ns.append(time.perf_counter_ns() - before)

handler = Timed(sys.argv[1], "flooding", "ward-1")
logging.getLogger().addHandler(handler)
log = logging.getLogger("zapvoice.gateway")
began = time.monotonic()
sent = 0
while (spent_s := time.monotonic() - began) < {SECONDS}:
    while sent < spent_s * {RECORDS_PER_S}:
        sent += 1
        word = "".join(chr(103 + int(digit)) for digit in str(sent // 100)) if sent % 100 == 0 else "many"
        try:
            if sent % 10 == 0:
                raise TimeoutError("gateway, token=hunter2")
            log.error("%s: message %d to +5511912345678 was not taken", word, sent)
        except TimeoutError:
            log.exception("message %d was not taken", sent)
    time.sleep(0.001)
cpu_s = time.process_time()
handler.flush()
costs_us = sorted(cost / 1000 for cost in handler.costs_ns)
print(json.dumps([sent, costs_us[len(costs_us) // 2], costs_us[len(costs_us) * 99 // 100], cpu_s]))
"""


class Flood:
    """The service, a witness who watches how late samples are, and what it all takes."""

    def prepare(self, ward: Ward) -> None:
        """The first seconds are what the later ones are held against."""
        self._witness = Witness(ward, queues=1)
        with redis_client(ward.redis_url) as client:
            self._redis_before = client.info("memory")["used_memory"]
        self._web_before_s = sum(web_worker(ward).cpu_times()[:2])

    def strike(self, ward: Ward) -> None:
        """It begins."""
        self._struck = time.monotonic()
        command = [sys.executable, "-c", _SERVICE, ward.environ["REDIS_URL"]]
        self._service = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    def end(self, ward: Ward) -> None:
        """It ends by itself; its last lines are sent."""
        out, _ = self._service.communicate(timeout=60)
        self._sent, self._median_us, self._p99_us, self._cpu_s = json.loads(out)
        self._delays = self._witness.delays_since(self._struck)
        self._web_cpu_s = sum(web_worker(ward).cpu_times()[:2]) - self._web_before_s
        self._witness.stop()

    def judge(self, ward: Ward, row: Row, _points: Sequence[Point]) -> None:
        """Nobody waits longer, nothing grows, and every record is either there or counted."""
        with redis_client(ward.redis_url) as client:
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
