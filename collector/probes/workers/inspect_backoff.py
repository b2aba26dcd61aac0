"""Pauses between inspections of the workers. [pure]

A worker that accepts no JSON logs each request as an error, and a broker logs each one that it refuses. So silent
workers are asked less and less often, and workers that never answered soon only every five minutes.
"""

from dataclasses import dataclass

from collector.probes.backoff import Backoff


@dataclass(frozen=True, kw_only=True)
class InspectTimes:
    """Intervals, timeouts and caps of the inspection."""

    interval_s: float = 10.0
    """Pause while all workers answer."""
    retry_s: float = 2.0
    """First pause otherwise, and between two checks for late answers and new workers, which send no request."""
    silent_cap_s: float = 60.0
    """Longest pause while a worker is silent although all answered before."""
    never_answered_cap_s: float = 300.0
    """Longest pause while a worker is there that never answered, or requests are refused."""
    timeout_s: float = 1.0
    """How long an answer may take. A worker with the solo pool answers only between its tasks."""


NEVER_ANSWERED_FACTOR = 4.0

_UNLOGGED = ("ask_failed", "ask_read_only")
"""Failures that no server logs."""


class InspectBackoff:
    """Chooses the pause after each inspection by its outcome."""

    def __init__(self, times: InspectTimes, *, least_s: float) -> None:
        """`least_s`: shortest pause after a request that was sent."""
        self._times = times
        self._least_s = least_s
        self._silence = Backoff(times.retry_s, times.silent_cap_s)
        self._never_answered = Backoff(times.retry_s, times.never_answered_cap_s, NEVER_ANSWERED_FACTOR)
        self._failing = Backoff(times.retry_s, times.never_answered_cap_s)
        self._failure: str | None = None
        self._listeners: int | None = None
        self._most_answers = 0
        """Most answers that these listeners ever gave at once."""

    def after_answers(self, *, count: int, is_silent: bool, is_complete: bool, listeners: int | None) -> float:
        """The pause after a request that was sent (s).

        count: answers. is_silent: an answer is missing. is_complete: every watched queue has a worker.
        listeners: workers that got the request, None = unknown; another number means other workers.

        One worker that never answered counts like workers of which none ever did, since it may log each request.
        RabbitMQ does not tell the number of listeners, so there it cannot be noticed.
        """
        self._failing.reset()
        self._failure = None
        if not is_silent or listeners != self._listeners:
            self._silence.reset()
            self._never_answered.reset()
        self._most_answers = max(count, self._most_answers if listeners == self._listeners else 0)
        self._listeners = listeners
        if is_silent:
            pause_s = (self._silence if self._most_answers >= (listeners or 1) else self._never_answered).next_s()
        else:
            pause_s = self._times.interval_s if is_complete else self._times.retry_s
        return max(pause_s, self._least_s)

    @property
    def is_one_mute(self) -> bool:
        """Whether one of the workers that got the last request never answered any: it may log each one."""
        return self._most_answers < (self._listeners or 0)

    def after_failure(self, reason: str) -> float:
        """The pause after a request that could not be sent, for this reason (s)."""
        if reason != self._failure:
            self._failing.reset()
        self._failure = reason
        pause_s = self._failing.next_s()
        if reason == "ask_unreachable":
            return min(pause_s, self._times.interval_s)
        return min(pause_s, self._times.silent_cap_s if reason in _UNLOGGED else self._times.never_answered_cap_s)
