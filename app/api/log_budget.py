"""How much a token for logs may send: lines, and bytes, since each costs the web process time that viewers wait for.

To look through a byte for secrets takes up to 1.1 µs of CPU, so BYTES is 4 % of a core (`make bench-logs`). Counted in
the process's own memory.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Budget:
    """What may be used up at once, and what comes back each second."""

    burst: int
    per_s: float


LINES = Budget(burst=600, per_s=10)
"""Far more than anybody reads."""

BYTES = Budget(burst=512 * 1024, per_s=32 * 1024)
"""Eight of the longest bodies at once, then one in 2 s: ten lines a second with tracebacks of 3 KiB."""

MAX_TOKENS = 1024
"""Tokens that are remembered; what any has used up is back after a minute, so none is of use for longer."""


class LogBudget:
    """What each token has left. `clock` tells monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left: dict[tuple[str, Budget], tuple[float, float]] = {}

    def spend(self, credential: str, budget: Budget, amount: int) -> int | None:
        """Use up so much. None when there was that much, else the seconds after which there will be."""
        now_s = self._clock()
        left, at_s = self._left.pop((credential, budget), (float(budget.burst), now_s))
        left = min(budget.burst, left + (now_s - at_s) * budget.per_s)
        has_enough = amount <= left
        self._left[credential, budget] = (left - amount if has_enough else left, now_s)
        while len(self._left) > 2 * MAX_TOKENS:
            del self._left[next(iter(self._left))]  # The one that was asked about longest ago.
        return None if has_enough else max(1, math.ceil((amount - left) / budget.per_s))
