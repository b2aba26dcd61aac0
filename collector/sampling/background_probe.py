"""A probe: one probe, read beside the tick, so that a probe which hangs holds up nothing but itself."""

import logging
import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

logger = logging.getLogger(__name__)

T = TypeVar("T")

QUICK_S = 0.05
"""A read that takes longer is not waited for by those behind it: another thread reads them."""


class ProbeExecutor:
    """Does what several lanes ask for, one after the other in one thread as long as each is quick.

    Three threads that wake at once get into each other's way at the interpreter's lock: that was 22 wakings a tick,
    where this has four, and a third more CPU time.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._waiting = 0
        """Threads that have nothing to do."""
        self._is_started = False

    def put(self, job: Callable[[], None]) -> None:
        """Have it done, as soon as the jobs before it are."""
        self._jobs.put(job)
        if not self._is_started:
            self._is_started = True
            self._start_thread()

    def hurry(self) -> None:
        """Something is slow: what waits behind it is done by one thread more."""
        if not self._jobs.empty():
            self._start_thread()

    def _start_thread(self) -> None:
        # Daemon: a read that never returns must not keep the process from ending.
        threading.Thread(target=self._run, name=self._name, daemon=True).start()

    def _run(self) -> None:
        while self._is_wanted():
            job = self._jobs.get()
            with self._lock:
                self._waiting -= 1
            job()

    def _is_wanted(self) -> bool:
        """Whether no other thread waits for jobs: one is enough, however many there were while one was slow."""
        with self._lock:
            if self._waiting:
                return False
            self._waiting += 1
            return True


class BackgroundProbe(Generic[T]):
    """Runs `read` when asked, at most once at a time; whoever asks decides how long to wait.

    A read that outlives its tick is left to finish and its late answer is thrown away; until then the probe is stuck
    and answers `when_stuck` at once, without starting another read. A read that raises gives `when_failed`.
    """

    def __init__(
        self, name: str, read: Callable[[], T], *, when_stuck: T, when_failed: T, executor: ProbeExecutor | None = None
    ) -> None:
        """`executor`: shared with other lanes; by default one of its own."""
        self._name = name
        self._read = read
        self._when_stuck = when_stuck
        self._when_failed = when_failed
        self._executor = executor or ProbeExecutor(f"probe-{name}")
        self._answers: queue.SimpleQueue[T] = queue.SimpleQueue()
        self._is_reading = False
        self._is_overdue = False

    def start(self) -> None:
        """Start a read, unless the previous one is still under way."""
        self._is_overdue = self._is_reading and not self._throw_late_answer_away()
        if not self._is_overdue:
            self._is_reading = True
            self._executor.put(self._do)

    def result(self, timeout_s: float) -> T:
        """The answer of the read asked for, waited for at most `timeout_s`."""
        if self._is_overdue:
            return self._when_stuck
        try:
            answer = self._await(max(0.0, timeout_s))
        except queue.Empty:
            logger.warning("probe %s has not answered within the tick", self._name)
            return self._when_stuck
        self._is_reading = False
        return answer

    def _await(self, timeout_s: float) -> T:
        """Raises: queue.Empty."""
        try:
            return self._answers.get(timeout=min(QUICK_S, timeout_s))
        except queue.Empty:
            self._executor.hurry()
            return self._answers.get(timeout=max(0.0, timeout_s - QUICK_S))

    def _throw_late_answer_away(self) -> bool:
        try:
            self._answers.get_nowait()
        except queue.Empty:
            return False
        return True

    def _do(self) -> None:
        try:
            answer = self._read()
        except Exception:
            logger.exception("probe %s raised", self._name)
            answer = self._when_failed
        self._answers.put(answer)
