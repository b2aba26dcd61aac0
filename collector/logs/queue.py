"""The lines that wait to be sent: a bounded queue without a lock.

Every step of `put` and `drop` is one call into C. So a signal handler may log while its own thread is inside, a
process may fork in between, and no thread or greenlet ever waits here for another.
"""

import itertools
import time
from _queue import Empty
from dataclasses import dataclass

from collector.logs.native_thread import SimpleQueue
from store.logs.log_group import LogLine

QUEUE_LINES = 256
"""Lines that wait at most: some 5 MB at their very longest."""

LINES_A_SOURCE = 8
"""Lines that one source may add between two batches once the queue is half full: a flood leaves room for others."""

Source = tuple[str, int]
"""Where a line comes from: its logger and the number of the line in its file that logged it."""

Mark = SimpleQueue[None]
"""Put into the queue, it gets an item once everything before it is written."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A line in the queue."""

    line: LogLine
    logged_mono_s: float


class Tally:
    """A counter that any thread may increment at any moment."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._reads = itertools.count()

    def add(self) -> None:
        """Count one more."""
        next(self._numbers)

    def total(self) -> int:
        """How many there are: the next number, which this takes away, less those that were taken so before.

        Two who ask at the same moment may be told one too many and one too few.
        """
        earlier_reads = next(self._reads)
        return next(self._numbers) - earlier_reads


class LogQueue:
    """Lines in the order in which they were logged, and the count of those that found no room."""

    def __init__(self) -> None:
        self._items: SimpleQueue[Waiting | Mark | None] = SimpleQueue()
        self._put, self._dropped = Tally(), Tally()
        self._taken = self._taken_dropped = 0
        self._in_second_half: dict[Source, itertools.count[int]] = {}

    def has_room(self, source: Source) -> bool:
        """Whether a line may be put in now."""
        waiting = self._items.qsize()
        if waiting < QUEUE_LINES // 2:
            return True
        if waiting >= QUEUE_LINES:
            return False
        return next(self._in_second_half.setdefault(source, itertools.count())) < LINES_A_SOURCE

    def put(self, line: LogLine) -> None:
        """Add a line, after `has_room`."""
        self._put.add()
        self._items.put(Waiting(line, time.monotonic()))

    def drop(self) -> None:
        """Count a line that will not be sent, and wake `take`."""
        self._dropped.add()
        if self._items.empty():
            self._items.put(None)

    def mark(self) -> Mark:
        """Queue a mark, which gets an item once everything before it is written."""
        mark: Mark = SimpleQueue()
        self._items.put(mark)
        return mark

    def is_empty(self) -> bool:
        """Whether no line, mark or unreported drop waits."""
        return self._items.empty()

    def unsent(self) -> int:
        """How many lines wait, or were dropped since `take_dropped`."""
        return self._put.total() - self._taken + self._dropped.total() - self._taken_dropped

    def take(self, most: int, timeout_s: float | None) -> tuple[list[Waiting], Mark | None]:
        """Wait for a line, a drop or a mark. Take the lines up to `most`, or up to the next mark."""
        lines: list[Waiting] = []
        try:
            item = self._items.get(timeout=timeout_s)
            while True:
                if isinstance(item, Waiting):
                    lines.append(item)
                elif item is not None:
                    return lines, item
                if len(lines) == most:
                    return lines, None
                item = self._items.get_nowait()
        except Empty:
            return lines, None
        finally:
            self._taken += len(lines)
            self._in_second_half = {}

    def take_dropped(self) -> int:
        """How many lines were dropped since the last call."""
        before, self._taken_dropped = self._taken_dropped, self._dropped.total()
        return self._taken_dropped - before
