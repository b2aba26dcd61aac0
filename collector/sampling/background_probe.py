"""Runs one probe in the background of the tick, so that a probe that hangs delays only its own figures."""

import logging
import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

logger = logging.getLogger(__name__)

T = TypeVar("T")

QUICK_S = 0.05
"""After a read of this length, the reads queued behind it get another thread."""


class ProbeExecutor:
    """Runs the reads of several background probes, one after the other in one thread as long as each is quick.

    With a thread for each probe, three threads woke at once and contended for the interpreter's lock: 22 wake-ups a
    tick instead of four, and a third more CPU time.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._idle_threads = 0
        self._is_started = False

    def submit(self, job: Callable[[], None]) -> None:
        """Queue a job behind those already queued."""
        self._jobs.put(job)
        if not self._is_started:
            self._is_started = True
            self._start_thread()

    def add_thread(self) -> None:
        """Start one thread more if jobs are queued: the running one is slow."""
        if not self._jobs.empty():
            self._start_thread()

    def _start_thread(self) -> None:
        # Daemon: a read that never returns must not keep the process from ending.
        threading.Thread(target=self._run, name=self._name, daemon=True).start()

    def _run(self) -> None:
        while self._should_wait():
            job = self._jobs.get()
            with self._lock:
                self._idle_threads -= 1
            job()

    def _should_wait(self) -> bool:
        """Whether this thread waits for the next job. False if another does: one is enough once nothing is slow."""
        with self._lock:
            if self._idle_threads:
                return False
            self._idle_threads += 1
            return True


class BackgroundProbe(Generic[T]):
    """Runs `read` when started, one read at a time; the caller decides how long it waits for the result.

    A read that outlives its tick runs on, and its late result is thrown away. Until then `result` returns `when_stuck`
    at once, and no other read starts. A read that raises gives `when_failed`.
    """

    def __init__(
        self,
        name: str,
        read: Callable[[], T],
        *,
        when_stuck: T,
        when_failed: T,
        executor: ProbeExecutor | None = None,
    ) -> None:
        """`executor`: shared with other probes; by default this probe has its own."""
        self._name = name
        self._read = read
        self._when_stuck = when_stuck
        self._when_failed = when_failed
        self._executor = executor or ProbeExecutor(f"probe-{name}")
        self._results: queue.SimpleQueue[T] = queue.SimpleQueue()
        self._is_reading = False
        self._is_overdue = False

    def start(self) -> None:
        """Start a read, unless the previous one still runs."""
        self._is_overdue = self._is_reading and not self._discard_late_result()
        if not self._is_overdue:
            self._is_reading = True
            self._executor.submit(self._do)

    def result(self, timeout_s: float) -> T:
        """The result of the read that was started; waits at most `timeout_s`."""
        if self._is_overdue:
            return self._when_stuck
        try:
            result = self._await(max(0.0, timeout_s))
        except queue.Empty:
            logger.warning("probe %s has not answered within the tick", self._name)
            return self._when_stuck
        self._is_reading = False
        return result

    def _await(self, timeout_s: float) -> T:
        """Raises: queue.Empty."""
        try:
            return self._results.get(timeout=min(QUICK_S, timeout_s))
        except queue.Empty:
            self._executor.add_thread()
            return self._results.get(timeout=max(0.0, timeout_s - QUICK_S))

    def _discard_late_result(self) -> bool:
        """Whether there was one."""
        try:
            self._results.get_nowait()
        except queue.Empty:
            return False
        return True

    def _do(self) -> None:
        try:
            result = self._read()
        except Exception:
            logger.exception("probe %s raised", self._name)
            result = self._when_failed
        self._results.put(result)
