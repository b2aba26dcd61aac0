"""The thread that takes lines out of a process' queue, redacts, groups and writes them, and retries until it can."""

import itertools
import secrets
import time
from _queue import Empty
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar

# Redaction needs these. Imported here, not in the thread: an import holds a lock, which gevent and eventlet patch, and
# which a child forked at that moment would find locked for ever.
import stdnum.br.cnpj
import stdnum.br.cpf
import stdnum.luhn  # noqa: F401

from collector.logs.native_thread import SimpleQueue, start_thread
from collector.logs.queue import LogQueue, Waiting
from collector.logs.stderr import complain
from store.errors import StoreUnavailable
from store.logs.log_group import Batch, LogLine
from store.logs.log_store import LogStore

BATCH_LINES = 50
LINES_PER_S = 100
"""Most lines written per second: it bounds what redaction costs a service."""

SHORTEST_PAUSE_S = 0.05
"""Shortest pause between two batches, so that lines that come together are written together."""

RETRY_S = 1.0
"""Wait before another try, for the store or for a thread that the system refused."""

_is_sending: ContextVar[bool] = ContextVar("is_sending", default=False)


def is_sending() -> bool:
    """Whether the caller is sending lines: to send what it logs would never end."""
    return _is_sending.get()


class Sender:
    """The queue of one process and its thread, which starts with the first line."""

    def __init__(self, open_store: Callable[[], LogStore]) -> None:
        self.queue = LogQueue()
        self.is_running = False
        self._open_store = open_store
        self._store: LogStore | None = None
        self._is_hurried = False
        self._hurry: SimpleQueue[None] = SimpleQueue()
        self._starts = itertools.count()
        self._next_start_mono_s = 0.0
        self._in_hand = 0
        self._is_closed = False

    def start(self) -> bool:
        """Start the thread unless it runs. Returns whether it runs now. Never waits."""
        if self.is_running:
            return True
        # Of many threads that log at once, the first to draw a number starts it.
        if time.monotonic() < self._next_start_mono_s or next(self._starts):
            return False
        try:
            self.is_running = start_thread(self._run)
        finally:
            if not self.is_running:
                self._next_start_mono_s = time.monotonic() + RETRY_S
                self._starts = itertools.count()
        return self.is_running

    def hurry(self) -> None:
        """Skip the pauses until the next mark, and retry the store at once."""
        self._is_hurried = True
        self._hurry.put(None)

    def close(self) -> None:
        """End the thread and its connection once everything put in until now is written."""
        self._is_closed = True
        self.queue.mark()

    def unsent(self) -> int:
        """How many lines are not written yet."""
        return self.queue.unsent() + self._in_hand

    def drain(self) -> bool:
        """Send the waiting lines in the caller's thread, if the system refuses another. Returns whether all were sent.

        Each batch has one try; connecting, logging in and writing have a command's deadline each.
        """
        token = _is_sending.set(True)
        try:
            while not self.queue.is_empty():
                lines, mark = self.queue.take(BATCH_LINES, 0)
                if not self._send(lines, is_patient=False):
                    return False
                if mark:
                    mark.put(None)
            return True
        finally:
            _is_sending.reset(token)

    def _run(self) -> None:
        _is_sending.set(True)
        try:
            while not (self._is_closed and self.queue.is_empty()):
                lines, mark = self.queue.take(BATCH_LINES, None)
                self._send(lines, is_patient=True)
                if mark:
                    self._calm()
                    mark.put(None)
                elif lines and not self._is_hurried:
                    self._rest(max(SHORTEST_PAUSE_S, len(lines) / LINES_PER_S))
            if self._store:
                self._store.close()
        finally:  # Whatever ended the thread, even a lack of memory: the next line starts another.
            self._starts, self.is_running = itertools.count(), False

    def _send(self, lines: list[Waiting], *, is_patient: bool) -> bool:
        """Write the lines and the count of dropped ones. Returns whether it could; if not, these count as dropped."""
        dropped = self.queue.take_dropped()
        if not lines and not dropped:
            return True
        self._in_hand = len(lines) + dropped
        is_sent = False
        try:
            is_sent = self._write(lines, dropped, is_patient=is_patient)
        except Exception as exc:  # noqa: BLE001  Whatever it is, the next batch gets its try.
            complain(f"{self._in_hand} log lines could not be sent: {type(exc).__name__}")
            self._store = None
            self._rest(RETRY_S)
        if not is_sent:
            for _ in range(self._in_hand):
                self.queue.drop()
        self._in_hand = 0
        return is_sent

    def _write(self, lines: list[Waiting], dropped: int, *, is_patient: bool) -> bool:
        taken_mono_s, batch_id, is_failing = time.monotonic(), secrets.token_hex(8), False
        batches, unfit = _gather(lines, taken_mono_s)
        while True:
            waited_s = time.monotonic() - taken_mono_s
            try:
                self._store = self._store or self._open_store()
                self._store.write(batches, batch_id=batch_id, dropped=dropped + unfit, waited_s=waited_s)
                return True
            except StoreUnavailable as exc:
                if not is_failing:
                    complain(f"log lines cannot be sent, and wait: {exc}")
                is_failing = True
            if not is_patient:
                return False
            self._rest(RETRY_S)

    def _rest(self, longest_s: float) -> None:
        with suppress(Empty):
            self._hurry.get(timeout=longest_s)

    def _calm(self) -> None:
        self._is_hurried = False
        with suppress(Empty):
            while True:
                self._hurry.get_nowait()


def _gather(lines: list[Waiting], now_mono_s: float) -> tuple[dict[str, Batch], int]:
    """Group the lines, and count those that cannot be sent: a line that breaks the redaction takes no other along."""
    aged = [(each.line, now_mono_s - each.logged_mono_s) for each in lines]
    try:
        return Batch.gather(aged), 0
    except Exception:  # noqa: BLE001
        fit = [each for each in aged if _is_fit(each[0])]
        return Batch.gather(fit), len(aged) - len(fit)


def _is_fit(line: LogLine) -> bool:
    try:
        line.clean()
    except Exception:  # noqa: BLE001
        return False
    return True
