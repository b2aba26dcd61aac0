"""A service that logs while Redis is away, and lives on until its stdin ends."""

import sys

from tests.programs.attached import attach

log, _ = attach()
for number in range(400):
    log.error("while it was away %d", number)
print("logged", flush=True)
sys.stdin.read()
