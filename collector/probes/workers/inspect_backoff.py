"""When something is asked again that has not answered, or has refused us. [pure]

A worker that takes no JSON logs each question as an error, and a broker each one that it refuses. So whoever does not
answer is asked more and more seldom, and whoever never has soon only every five minutes.
"""

from dataclasses import dataclass

from collector.probes.backoff import Backoff


@dataclass(frozen=True, kw_only=True)
class InspectTimes:
    """How often the workers are asked."""

    interval_s: float = 10.0
    """While all is well."""
    retry_s: float = 2.0
    """First pause when it is not, and between two looks for news, for which nobody is asked."""
    silent_cap_s: float = 60.0
    """Longest pause while somebody does not answer, though all once did."""
    never_answered_cap_s: float = 300.0
    """Longest pause while somebody is there who never has, or asking is refused."""
    timeout_s: float = 1.0
    """How long an answer may take. A worker of the solo pool answers only between its tasks."""


NEVER_ANSWERED_FACTOR = 4.0

_UNLOGGED = ("ask_failed", "ask_read_only")
"""Failures that are no line in anybody's log."""


class InspectBackoff:
    """The pause after each question, by how it went."""

    def __init__(self, times: InspectTimes, *, least_s: float) -> None:
        """`least_s`: no pause after a question that was put is shorter."""
        self._times = times
        self._least_s = least_s
        self._silence = Backoff(times.retry_s, times.silent_cap_s)
        self._never_answered = Backoff(times.retry_s, times.never_answered_cap_s, NEVER_ANSWERED_FACTOR)
        self._failing = Backoff(times.retry_s, times.never_answered_cap_s)
        self._failure: str | None = None
        self._listeners: int | None = None
        self._most_answers = 0
        """How many of these listeners have once answered."""

    def after_answers(self, *, count: int, is_silent: bool, is_complete: bool, listeners: int | None) -> float:
        """count: how many have answered. is_silent: somebody has not. is_complete: every watched queue has a worker.
        listeners: to how many it was put, where that is known; another number is another crowd.

        One that never answers, beside others that do, is asked as seldom as a crowd that never does: it may log each
        question. RabbitMQ tells no number, so there it cannot be told from the others.
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

    def after_failure(self, reason: str) -> float:
        """The question could not be put, for this reason."""
        if reason != self._failure:
            self._failing.reset()
        self._failure = reason
        pause_s = self._failing.next_s()
        if reason == "ask_unreachable":
            return min(pause_s, self._times.interval_s)
        return min(pause_s, self._times.silent_cap_s if reason in _UNLOGGED else self._times.never_answered_cap_s)
