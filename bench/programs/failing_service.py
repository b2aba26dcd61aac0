"""A service that fails again and again, and prints what it sent and what a record cost it.

python -m bench.programs.failing_service REDIS_URL SECONDS RECORDS_PER_S: a list of the records sent, the median and the
99th percentile of a record's cost (µs), and the CPU time of all (s).
"""

import json
import logging
import sys
import time

from collector.logs import CriticalLogHandler


class Timed(CriticalLogHandler):
    """Notes what each record costs its caller."""

    costs_ns: list[int] = []  # noqa: RUF012

    def handle(self, record: logging.LogRecord) -> None:  # type: ignore[override]
        """As its base, timed."""
        before = time.perf_counter_ns()
        super().handle(record)
        self.costs_ns.append(time.perf_counter_ns() - before)


redis_url, seconds, records_per_s = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
handler = Timed(redis_url, "flooding", "testbed-1")
logging.getLogger().addHandler(handler)
log = logging.getLogger("zapvoice.gateway")
began = time.monotonic()
sent = 0
while (spent_s := time.monotonic() - began) < seconds:
    # Every tenth record has a traceback, every hundredth a text of its own, and all of them secrets.
    while sent < spent_s * records_per_s:
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
