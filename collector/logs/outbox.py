"""Carries log lines from a service to the store and never holds the service up. Everything is bounded.

The logging thread puts a line into a queue (`queue`); a thread of this library takes lines out, redacts, groups and
writes them (`sender`). While the store is away the thread retries and the queue fills; lines that no longer fit are
counted. A forked process has its own queue and thread.
"""

import os
import sys
import weakref
from _queue import Empty
from collections.abc import Callable

from collector.logs.queue import Mark, Source
from collector.logs.sender import Sender, is_sending
from collector.logs.stderr import complain
from store.logs.log_group import LogLine
from store.logs.log_store import LogStore

__all__ = ["Outbox", "Source", "is_sending"]

AFTER_ALL_OTHERS = -100
"""Priority of our exit hook in a child of `multiprocessing`, whose queues use -5."""

FLUSH_S = 2.0
"""Longest wait for the last lines when the process ends."""


class Outbox:
    """The queue and the thread of the current process."""

    _given_up: Mark | None
    """Mark of the last flush that timed out."""

    def __init__(self, open_store: Callable[[], LogStore]) -> None:
        self._open_store = open_store
        self._begin()
        _outboxes.add(self)

    def has_room(self, source: Source) -> bool:
        """Whether a line may be put in now; if not, this counts it as dropped."""
        if self._own().queue.has_room(source):
            return True
        self.drop()
        return False

    def put(self, line: LogLine) -> None:
        """Queue a line, after `has_room`. Takes microseconds."""
        self._own().queue.put(line)
        self._start()

    def drop(self) -> None:
        """Count a line that will not be sent; the thread reports the count."""
        self._own().queue.drop()
        self._start()

    def flush(self, deadline_s: float) -> bool:
        """Wait up to `deadline_s` until everything put in so far is written. Returns whether it is.

        If the system refuses a thread, the caller's thread sends, and waits as long as one try takes.
        """
        sender = self._own()
        if is_sending() or (not sender.is_running and sender.queue.is_empty()):
            return True
        if self._given_up is not None and self._given_up.empty():
            return False  # This time would not be enough either: hold up an ending process only once.
        is_flushed = self._wait(deadline_s) if self._start() else sender.drain()
        if not is_flushed:
            complain(f"log lines not sent within {deadline_s:g} s, lost if the process ends: {sender.unsent()}")
        return is_flushed

    def close(self) -> None:
        """End the thread once it has written the waiting lines. The next line starts another."""
        sender = self._own()
        self._sender = Sender(self._open_store)
        self._given_up = None
        sender.close()

    def begin_in_child(self) -> None:
        """Begin anew in a forked child: the parent's thread is not there, and its waiting lines are the parent's."""
        if self._pid != os.getpid():
            self._begin()

    def _own(self) -> Sender:
        if self._pid != os.getpid():  # Another library's fork hook may log before ours runs.
            self._begin()
        return self._sender

    def _begin(self) -> None:
        self._sender = Sender(self._open_store)
        self._given_up = None
        self._pid = os.getpid()

    def _start(self) -> bool:
        sender = self._sender
        if sender.is_running:
            return True
        is_started = sender.start()
        if is_started:
            self._flush_when_child_ends()
        return is_started

    def _flush_when_child_ends(self) -> None:
        """Flush at the end of a child of `multiprocessing`, or of Celery's billiard: neither runs `atexit` hooks."""
        for name in ("multiprocessing.util", "billiard.util"):
            if util := sys.modules.get(name):
                util.Finalize(None, self.flush, args=(FLUSH_S,), exitpriority=AFTER_ALL_OTHERS)

    def _wait(self, deadline_s: float) -> bool:
        mark = self._sender.queue.mark()
        self._sender.hurry()
        try:
            mark.get(timeout=deadline_s)
        except Empty:
            self._given_up = mark
            return False
        return True


_outboxes: "weakref.WeakSet[Outbox]" = weakref.WeakSet()


def _begin_in_child() -> None:
    for outbox in _outboxes:
        outbox.begin_in_child()


os.register_at_fork(after_in_child=_begin_in_child)
