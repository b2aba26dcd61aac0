"""The deadlines that users are told, and the only place where a test measures how long something takes.

Everything else a test asserts by what happens and by counts: how quick the machine is today is no property of the
product. What only `make bench` can say (speed, CPU, memory) stands in `bench/`. What is measured here does not fail
because the machine is busy: a promise is some three times what it takes in a quiet hour, and all else is looser the
slower it is.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum


class Promise(Enum):
    """A promise to users, where it stands, and its seconds."""

    TICK = ("a sample is taken before the next one is due (docs/architecture.md)", 3.0)
    FAULT_SHOWS = ("what breaks shows within three ticks (docs/faults.md)", 9.0)

    @property
    def within_s(self) -> float:
        return float(self.value[1])

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Raises: AssertionError when what is done inside takes longer than was promised."""
        began_s = time.monotonic()
        yield
        took_s = time.monotonic() - began_s
        assert took_s <= self.within_s, f"promised within {self.within_s:g} s, took {took_s:.1f} s: {self.value[0]}"


@contextmanager
def at_least(least_s: float) -> Iterator[None]:
    """Raises: AssertionError when what is done inside takes less time."""
    began_s = time.monotonic()
    yield
    took_s = time.monotonic() - began_s
    assert took_s >= least_s, f"took {took_s:.2f} s, not {least_s:g} s or more"


class Pace:
    """A bound on how much comes: `at_once`, and `per_s` more in each second since then."""

    def __init__(self, at_once: float, per_s: float) -> None:
        self._at_once, self._per_s = at_once, per_s
        self._began_s = time.monotonic()

    def allows(self, count: float) -> bool:
        """Whether so much may have come by now."""
        return count <= self._at_once + self._per_s * (time.monotonic() - self._began_s)


GROWTH = 35.0
"""Ten times the size may cost as much more: ten times when the work is linear, a hundred times when it is quadratic."""


def grows_no_faster_than_its_size(work: Callable[[int], object], size: int) -> bool:
    """Whether `work(10 * size)` costs no more than GROWTH times the CPU time of `work(size)`.

    Both are the least of some rounds, since whatever else the machine does only adds; quadratic work never passes.
    """
    small_s = large_s = float("inf")
    for _ in range(10):
        small_s = min(small_s, _thread_s(work, size))
        large_s = min(large_s, _thread_s(work, 10 * size))
        if large_s < GROWTH * small_s + 0.01:
            return True
    return False


def _thread_s(work: Callable[[int], object], size: int) -> float:
    began_s = time.thread_time()
    work(size)
    return time.thread_time() - began_s
