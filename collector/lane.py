"""A lane: one probe read in a thread of its own, so that a probe which hangs holds up nothing but itself."""

import logging
import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Lane(Generic[T]):
    """Runs `read` when asked, at most once at a time; whoever asks decides how long to wait.

    A read that outlives its tick is left to finish and its late answer is thrown away; until then the lane is stuck
    and answers `when_stuck` at once, without starting another read. A read that raises gives `when_failed`.
    """

    def __init__(self, name: str, read: Callable[[], T], *, when_stuck: T, when_failed: T) -> None:
        self._name = name
        self._read = read
        self._when_stuck = when_stuck
        self._when_failed = when_failed
        self._requests: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[T] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._is_reading = False
        self._is_overdue = False

    def ask(self) -> None:
        """Start a read, unless the previous one is still under way."""
        if self._thread is None:
            # Daemon: a read that never returns must not keep the process from ending.
            self._thread = threading.Thread(target=self._run, name=f"lane-{self._name}", daemon=True)
            self._thread.start()
        self._is_overdue = self._is_reading and not self._throw_late_answer_away()
        if not self._is_overdue:
            self._is_reading = True
            self._requests.put(None)

    def answer(self, timeout_s: float) -> T:
        """The answer of the read asked for, waited for at most `timeout_s`."""
        if self._is_overdue:
            return self._when_stuck
        try:
            answer = self._answers.get(timeout=max(0.0, timeout_s))
        except queue.Empty:
            logger.warning("probe %s has not answered within the tick", self._name)
            return self._when_stuck
        self._is_reading = False
        return answer

    def _throw_late_answer_away(self) -> bool:
        try:
            self._answers.get_nowait()
        except queue.Empty:
            return False
        return True

    def _run(self) -> None:
        while True:
            self._requests.get()
            try:
                answer = self._read()
            except Exception:
                logger.exception("probe %s raised", self._name)
                answer = self._when_failed
            self._answers.put(answer)
