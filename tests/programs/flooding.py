"""A service that logs twenty thousand lines as fast as it can, and now and then another one.

It prints how many lines its signal's handler has logged meanwhile. With an argument, whatever waits for Redis waits for
an hour: that such a service ends shows that none of its lines does.
"""

import signal
import sys

from store.samples.live import redis_client
from tests.programs.attached import attach

if sys.argv[2:]:
    redis_client.__kwdefaults__["timeout_s"] = 3600.0
log, _ = attach()
signals: list[int] = []


def interrupt(number: int, _: object) -> None:
    """Log whatever it interrupts: a call of the handler, most of the time."""
    signals.append(number)
    log.error("from the signal")


signal.signal(signal.SIGALRM, interrupt)
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
for number in range(20_000):
    log.error("flood %d", number)
    if number % 5000 == 2500:
        log.critical("what matters")
signal.setitimer(signal.ITIMER_REAL, 0)
print(len(signals))
