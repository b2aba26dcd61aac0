"""Carries log lines from a service to the store without ever holding the service up. Bounded in everything.

Who logs puts a line into a queue; a thread of this module's own takes them out, redacts, groups and writes them. While
the store is away the thread tries on, the queue fills, and what no longer fits is counted.
"""

import logging
import os
import secrets
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from collector.store.errors import StoreUnavailable
from collector.store.log_group import Batch, LogLine
from collector.store.logs import LogStore

logger = logging.getLogger(__name__)

QUEUE_LINES = 256
"""Lines that wait at most: some 5 MB at their very longest."""

LINES_A_SOURCE = 8
"""Lines of one source that may wait in the queue's second half, which is for the others while one floods."""

BATCH_LINES = 50
LINES_PER_S = 100
"""How fast lines are written at most: it bounds what redacting them costs a service."""

SHORTEST_PAUSE_S = 0.05
"""Between two batches, however short: so that lines that come together are written together."""

RETRY_S = 1.0
"""Wait before the store is tried again."""

Source = tuple[str, int]
"""Where a line comes from: its logger and the number of the line in its file that logged it."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A line in the queue."""

    line: LogLine
    source: Source
    logged_mono_s: float


Item = Waiting | threading.Event
"""A line; or what is set once everything before it is written."""


class Outbox:
    """The queue and its thread, which starts with the first line, and anew in a process that was forked."""

    _given_up: threading.Event | None
    """What the last flush that took too long was waiting for."""

    def __init__(self, open_store: Callable[[], LogStore]) -> None:
        self._open_store = open_store
        self._begin()
        _outboxes.add(self)

    def has_room(self, source: Source) -> bool:
        """Whether a line may be put in now. If not, it counts as dropped."""
        waiting = self._queue.qsize()
        if waiting < QUEUE_LINES // 2:
            return True
        if waiting < QUEUE_LINES and self._waiting_of.get(source, 0) < LINES_A_SOURCE:
            return True
        self.drop(1)
        return False

    def put(self, line: LogLine, source: Source) -> None:
        """Send it, soon. Takes microseconds; after `has_room`."""
        with self._lock:
            self._waiting_of[source] = self._waiting_of.get(source, 0) + 1
        self._queue.put(Waiting(line, source, time.monotonic()))
        if self._thread is None:
            self._start()

    def drop(self, count: int) -> None:
        """Count lines that will not be sent."""
        with self._lock:
            self._dropped += count

    def is_sender(self) -> bool:
        """Whether the caller runs in the thread that sends: what is logged there would never end."""
        return getattr(self._local, "is_sender", False)

    def flush(self, deadline_s: float) -> bool:
        """Whether everything put in until now is written; waits no longer than `deadline_s`."""
        if self._thread is None or self.is_sender():
            return True
        if self._given_up is not None and not self._given_up.is_set():
            return False  # Nor would this time be enough: a process that ends is held up once.
        done = threading.Event()
        self._queue.put(done)
        self._hurry.set()
        is_flushed = done.wait(deadline_s)
        self._given_up = None if is_flushed else done
        return is_flushed

    def _begin(self) -> None:
        """All of this anew in a forked child: the parent's thread is not there, and what waits is the parent's."""
        self._queue: SimpleQueue[Item] = SimpleQueue()
        self._lock = threading.RLock()  # Re-entrant: a signal's handler may log while its thread holds it.
        self._hurry = threading.Event()
        self._local = threading.local()
        self._thread: threading.Thread | None = None
        self._given_up = None
        self._dropped = 0
        self._waiting_of: dict[Source, int] = {}

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="critical-logs", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        self._local.is_sender = True
        store = self._open_store()
        while True:
            lines, flushed = self._take()
            if lines:
                self._send(store, lines)
            if flushed:
                flushed.set()
                self._hurry.clear()
            elif lines:
                self._hurry.wait(max(SHORTEST_PAUSE_S, len(lines) / LINES_PER_S))

    def _take(self) -> tuple[list[Waiting], threading.Event | None]:
        """Wait for a line, and take what is there behind it: up to a batch, or to the next flush."""
        lines: list[Waiting] = []
        item = self._queue.get()
        while not isinstance(item, threading.Event):
            lines.append(item)
            if len(lines) == BATCH_LINES:
                return lines, None
            try:
                item = self._queue.get_nowait()
            except Empty:
                return lines, None
        return lines, item

    def _send(self, store: LogStore, lines: list[Waiting]) -> None:
        taken_mono_s, batch_id, is_failing = time.monotonic(), secrets.token_hex(8), False
        with self._lock:
            dropped, self._dropped = self._dropped, 0
            for each in lines:
                self._forget(each.source)
        try:
            batches = Batch.gather((each.line, taken_mono_s - each.logged_mono_s) for each in lines)
            while True:
                waited_s = time.monotonic() - taken_mono_s
                try:
                    store.write(batches, batch_id=batch_id, dropped=dropped, waited_s=waited_s)
                    return
                except StoreUnavailable as exc:
                    if not is_failing:
                        logger.warning("log lines cannot be sent, and wait: %s", exc)
                    is_failing = True
                time.sleep(RETRY_S)
        except Exception:
            self.drop(len(lines) + dropped)
            logger.exception("%d log lines could not be sent", len(lines))

    def _forget(self, source: Source) -> None:
        left = self._waiting_of.get(source, 0) - 1
        if left > 0:
            self._waiting_of[source] = left
        else:
            self._waiting_of.pop(source, None)


_outboxes: "weakref.WeakSet[Outbox]" = weakref.WeakSet()


def _begin_anew() -> None:
    for outbox in _outboxes:
        outbox._begin()


os.register_at_fork(after_in_child=_begin_anew)
