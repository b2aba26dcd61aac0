"""Asks Celery's workers every 10 s which queues they consume and what they do, in a thread with its own connection.

These requests are the only thing that the panel sends to what it watches, and a setting turns them off. `pidbox` has
their form, `redis_pidbox` and `amqp_pidbox` send them, `inspect_backoff` sets the pauses, `interview` chooses whom to
ask for more than the queues. On Redis the thread also checks for late answers and new workers between two rounds.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from collector.probes.broker.broker_connection import AMQP, close_quietly, kind_of
from collector.probes.polling_thread import PollingThread
from collector.probes.workers.amqp_pidbox import AmqpPidbox
from collector.probes.workers.inspect_backoff import InspectBackoff, InspectTimes
from collector.probes.workers.interview import Interview, WorkerAnswers
from collector.probes.workers.pidbox import Answers, InspectError, Method, Pidbox, new_reply_queue
from collector.probes.workers.redis_pidbox import RedisPidbox
from settings import ALL_QUEUES
from settings.broker_options import BrokerOptions
from settings.broker_url import addresses, names_host

log = logging.getLogger(__name__)

SOCKET_S = 3.0
"""Timeout of a connect, a read or a write."""

OVERDUE_S = 30.0
"""An outcome that is overdue by this time is dropped: the thread hangs."""


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """The outcome of one inspection."""

    served: Mapping[str, int] = field(default_factory=dict)
    """By queue, how many of the workers that answered consume it."""
    silent_s: float | None = None
    """For how long no worker has answered although one did before; None = one answers, none ever did, or not asked."""
    reason: str | None = None
    """Why a queue may be missing in `served`; None = every worker that got the request answered it.

    ask_off, ask_denied, ask_read_only, ask_unsupported, ask_unreachable, ask_failed: no request was sent.
    nobody_listens: no worker got it. answer_unreadable: an answer was not JSON. ping_silent: an answer is missing.
    """


OFF = Inspection(reason="ask_off")


class WorkerInspector:
    """Inspects the workers until stopped. Thread-safe."""

    def __init__(
        self, broker_url: str, queue_names: Sequence[str], options: BrokerOptions, times: InspectTimes
    ) -> None:
        self._urls = addresses(broker_url)
        self._address_index = 0
        self._options = options
        self._reply_queue = new_reply_queue()
        self._times = times
        self._is_amqp = kind_of(broker_url) == AMQP
        self._wanted = None if ALL_QUEUES in queue_names else frozenset(queue_names)
        # Where the panel's URL names no host, neither may the application's: then kombu warns at each such question.
        self._interview = Interview(asks_stats=self._is_amqp or all(map(names_host, self._urls)))
        self._backoff = InspectBackoff(times, least_s=times.interval_s if self._is_amqp else 0.0)
        self._outcome: tuple[Inspection, float] | None = None
        """The inspection, and when it expires, monotonic."""
        self._unanswered_since_s: float | None = None
        self._has_answered = False
        self._failure: str | None = None
        self._is_worthwhile = not self._is_amqp
        self._wake = threading.Event()
        self._thread = PollingThread("worker-inspect", self._run, join_s=SOCKET_S, wake=self._wake.set)

    def start(self) -> None:
        """Start inspecting; does nothing while it runs."""
        self._thread.start()

    def stop(self) -> None:
        """Stop inspecting. Waits for one request at most; may be called twice."""
        self._thread.stop()

    def latest(self) -> Inspection | None:
        """The last inspection; None = there is none yet, or it has expired. Returns at once."""
        outcome = self._outcome
        return None if outcome is None or time.monotonic() > outcome[1] else outcome[0]

    def answers(self) -> Mapping[str, WorkerAnswers]:
        """What each worker answered last, and when. Returns at once."""
        return self._interview.workers

    def nobody_listens(self) -> bool:
        """Whether the last request reached no worker. Returns at once."""
        inspection = self.latest()
        return inspection is not None and inspection.reason == "nobody_listens"

    def follow(self, address_index: int, *, is_worthwhile: bool) -> None:
        """Inspect at this address of the broker, and only while it is worthwhile. Returns at once."""
        before = self._address_index, self._is_worthwhile
        self._address_index, self._is_worthwhile = address_index, is_worthwhile
        if is_worthwhile and before != (address_index, True):
            self._wake.set()

    def _run(self, stopping: threading.Event) -> None:
        pidbox: Pidbox | None = None
        address_index = 0
        while not stopping.is_set():
            if address_index != self._address_index:
                _close(pidbox)
                pidbox, address_index = None, self._address_index
            try:
                if self._is_worthwhile:
                    pidbox = pidbox or self._open(self._urls[address_index])
                    inspection, pause_s = self._ask(pidbox)
                else:
                    _close(pidbox)  # RabbitMQ would miss the heartbeats of an idle connection.
                    pidbox = None
                    inspection, pause_s = self._not_asked(), self._times.interval_s
            except Exception as error:  # noqa: BLE001  The thread's boundary: it must go on.
                inspection, pause_s = self._note_failure(error)
                _close(pidbox)
                pidbox = None
            self._outcome = inspection, time.monotonic() + pause_s + OVERDUE_S
            if self._is_amqp and pause_s > self._times.interval_s:  # RabbitMQ would miss its heartbeats.
                _close(pidbox)
                pidbox = None
            self._pause(pidbox, pause_s)
        _close(pidbox)

    def _open(self, url: str) -> Pidbox:
        if self._is_amqp:
            return AmqpPidbox(url, timeout_s=SOCKET_S)
        return RedisPidbox(url, self._options, self._reply_queue, timeout_s=SOCKET_S)

    def _pause(self, pidbox: Pidbox | None, pause_s: float) -> None:
        """Pause until the time is up, or something changes. On RabbitMQ there is nothing to look for meanwhile."""
        end_s = time.monotonic() + pause_s
        look_s = pause_s if pidbox is None or self._is_amqp else self._times.retry_s
        while not self._wake.wait(min(look_s, max(0.0, end_s - time.monotonic()))):
            if time.monotonic() >= end_s or (pidbox is not None and _has_news(pidbox)):
                return
        self._wake.clear()

    def _ask(self, pidbox: Pidbox) -> tuple[Inspection, float]:
        """One round: all workers for their queues, then those that answered for the rest."""
        answers = pidbox.ask(self._times.timeout_s)
        outcome = self._judge(answers)
        names = self._interview.note_queues(answers, time.monotonic())
        # A worker that takes no JSON logs each message, also one that is not for it.
        for method in () if self._backoff.is_one_mute else (Method.STATS, Method.ACTIVE):
            question = self._interview.question(method, names, time.monotonic())
            if question is not None:
                more = pidbox.ask(self._times.timeout_s, question)
                self._interview.note(question, more, time.monotonic(), time.time())
        return outcome

    def _judge(self, answers: Answers) -> tuple[Inspection, float]:
        """The inspection, and the pause after it (s)."""
        self._failure = None
        self._has_answered = self._has_answered or answers.count > 0
        names = [queue for queues in answers.queues.values() for queue in queues]
        served = Counter(name for name in names if self._wanted is None or name in self._wanted)
        reason = _reason(answers)
        pause_s = self._backoff.after_answers(
            count=answers.count,
            is_silent=reason == "ping_silent",
            is_complete=bool(served) if self._wanted is None else served.keys() >= self._wanted,
            listeners=answers.listeners,
        )
        return Inspection(served=served, silent_s=self._silent_s(answers), reason=reason), pause_s

    def _silent_s(self, answers: Answers) -> float | None:
        now_s = time.monotonic()
        if answers.count or self._unanswered_since_s is None:
            self._unanswered_since_s = now_s
        return None if answers.count or not self._has_answered else now_s - self._unanswered_since_s

    def _not_asked(self, reason: str | None = None) -> Inspection:
        self._unanswered_since_s = None
        return Inspection(reason=reason)

    def _note_failure(self, error: Exception) -> tuple[Inspection, float]:
        reason = error.reason if isinstance(error, InspectError) else "ask_failed"
        if reason != self._failure:
            log.warning("the workers could not be asked: %s (%s)", reason, type(error.__cause__ or error).__name__)
        self._failure = reason
        return self._not_asked(reason), self._backoff.after_failure(reason)


def _reason(answers: Answers) -> str | None:
    if answers.listeners == 0:
        return "nobody_listens"
    if answers.count < (answers.listeners or 1):
        return "ping_silent"
    return "answer_unreadable" if answers.unreadable else None


def _has_news(pidbox: Pidbox) -> bool:
    """True also if that cannot be found out: the next request will fail and tell why."""
    try:
        return pidbox.has_news()
    except InspectError:
        return True


def _close(pidbox: Pidbox | None) -> None:
    if pidbox is not None:
        close_quietly(pidbox.close)
