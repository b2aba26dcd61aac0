"""Carries log lines from a service to the store without ever holding the service up. Bounded in everything.

Who logs puts a line into a queue (`log_queue`); a thread of this library's own takes them out, redacts, groups and
writes them (`log_sender`). While the store is away the thread tries on, the queue fills, and what no longer fits is
counted. A forked process has a queue and a thread of its own.
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
"""The priority of what a child of `multiprocessing` does at its end: a queue's own is -5."""

FLUSH_S = 2.0
"""Longest wait for the last lines when the process ends."""


class Outbox:
    """The queue and the thread of whichever process this is used in."""

    _given_up: Mark | None
    """What the last flush that took too long was waiting for."""

    def __init__(self, open_store: Callable[[], LogStore]) -> None:
        self._open_store = open_store
        self._begin()
        _outboxes.add(self)

    def has_room(self, source: Source) -> bool:
        """Whether a line may be put in now. If not, it counts as dropped."""
        if self._own().queue.has_room(source):
            return True
        self.drop()
        return False

    def put(self, line: LogLine) -> None:
        """Send it, soon. Takes microseconds; after `has_room`."""
        self._own().queue.put(line)
        self._start()

    def drop(self) -> None:
        """Count a line that will not be sent, and tell so, soon."""
        self._own().queue.drop()
        self._start()

    def flush(self, deadline_s: float) -> bool:
        """Whether everything put in until now is written; waits no longer than `deadline_s`.

        Where the system has no thread for it, this one sends, and waits as long as one try takes.
        """
        sender = self._own()
        if is_sending() or (not sender.is_running and sender.queue.is_empty()):
            return True
        if self._given_up is not None and self._given_up.empty():
            return False  # Nor would this time be enough: a process that ends is held up once.
        is_flushed = self._wait(deadline_s) if self._start() else sender.drain()
        if not is_flushed:
            complain(f"log lines not sent within {deadline_s:g} s, lost if the process ends: {sender.unsent()}")
        return is_flushed

    def close(self) -> None:
        """The thread ends once it has written what waits. The next line starts another."""
        sender = self._own()
        self._sender = Sender(self._open_store)
        self._given_up = None
        sender.close()

    def begin_in_child(self) -> None:
        """In a forked child: the parent's thread is not there, and what waits is the parent's."""
        if self._pid != os.getpid():
            self._begin()

    def _own(self) -> Sender:
        if self._pid != os.getpid():  # In another library's hook, before ours.
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
        """A child of `multiprocessing`, or of Celery's likeness of it, ends without what `atexit` has been told."""
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
