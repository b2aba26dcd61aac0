"""How much a token for logs may send, in lines and in bytes: both cost the web process time that viewers wait for.

The search for secrets takes up to 1.1 µs of CPU a byte, so BYTES is 4 % of a core (`make bench-logs`). Each process
counts in its own memory.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Budget:
    """How much may be spent at once, and how much comes back each second."""

    burst: int
    per_s: float


LINES = Budget(burst=600, per_s=10)
"""Far more lines than anybody reads."""

BYTES = Budget(burst=512 * 1024, per_s=32 * 1024)
"""Eight of the longest bodies at once, then one every 2 s: ten lines a second with tracebacks of 3 KiB."""

MAX_TOKENS = 1024
"""Most tokens remembered. A token has its whole budget back after a minute, so an older entry is of no use."""


class LogBudget:
    """What each token has left. `clock` returns monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left: dict[tuple[str, Budget], tuple[float, float]] = {}

    def spend(self, credential: str, budget: Budget, amount: int) -> int | None:
        """Spend `amount`. None when the token had it, else the seconds (1 or more) after which it will."""
        now_s = self._clock()
        left, at_s = self._left.pop((credential, budget), (float(budget.burst), now_s))
        left = min(budget.burst, left + (now_s - at_s) * budget.per_s)
        has_enough = amount <= left
        self._left[credential, budget] = (left - amount if has_enough else left, now_s)
        while len(self._left) > 2 * MAX_TOKENS:
            del self._left[next(iter(self._left))]  # The one unused for the longest time.
        return None if has_enough else max(1, math.ceil((amount - left) / budget.per_s))
