"""A service that logs 20,000 lines at once and prints the median cost of a line (µs).

python -m bench.programs.log_cost REDIS_URL
"""

import json
import logging
import sys
import time

from collector.logs import CriticalLogHandler

log = logging.getLogger("zapvoice.gateway")
log.addHandler(CriticalLogHandler(sys.argv[1], "backend", "web-1"))
log.propagate = False
costs_us = []
for number in range(20_000):
    before = time.perf_counter_ns()
    log.error("flood %d", number)
    costs_us.append((time.perf_counter_ns() - before) / 1000)
print(json.dumps(sorted(costs_us)[10_000]))
