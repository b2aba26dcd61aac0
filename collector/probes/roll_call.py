"""Asks Celery's workers which queues they consume: every 10 s, by a thread and over a connection of its own.

They are asked for `active_queues` rather than `ping`: a ping is answered by every worker of the broker, this panel's
own collector among them, and by one that has stopped consuming. A question to everybody always lasts its whole
time-out, one to named workers ends with their last answer; so everybody is asked only while a queue is without one.

On RabbitMQ a question is published, which an alarm blocks: then asking fails, and a failure is not a silence.

Source: kombu 5.7.0 pidbox.py, celery 5.7.0 app/control.py.
"""

# kombu is marked as typed, but most of it is not.

import logging
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kombu.connection import Connection
from kombu.pidbox import Mailbox

from collector.probes.broker_connection import AMQP, drop, kind_of, open_connection, reason_of
from settings import ALL_QUEUES

log = logging.getLogger(__name__)

INTERVAL_S = 10.0
RETRY_S = 2.0
"""On Redis, pause after a call that left a queue without a worker, so that a worker that came back shows at once."""

DENIED_REST_S = 300.0
"""Pause after RabbitMQ has refused the question, which it logs as an error each time."""

ANSWER_S = 1.0
"""How long an answer may take. A worker of the solo pool answers only between its tasks."""

SOCKET_S = 3.0
"""Deadline of a read or write: more than the second for which kombu's BRPOP waits inside Redis."""

OVERDUE_S = 3 * INTERVAL_S
"""An outcome older than this is none: the thread hangs."""


@dataclass(frozen=True, kw_only=True)
class Roll:
    """The outcome of one call."""

    served: Mapping[str, int]
    """Queue by queue, how many of the workers that answered consume it."""
    silent_s: float | None = None
    """How long nobody has answered although somebody once did; None = somebody does, nobody ever did, or not asked."""


class RollCall:
    """Knows which of the queues are consumed by workers that answer. Thread-safe."""

    def __init__(self, broker_url: str, queue_names: Sequence[str]) -> None:
        self._url = broker_url
        self._is_amqp = kind_of(broker_url) == AMQP
        self._wanted = None if ALL_QUEUES in queue_names else frozenset(queue_names)
        self._outcome: tuple[Roll, float] | None = None
        self._answered_at: float | None = None
        self._failure: str | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        # One mailbox for good: its reply queue's name is its own, so a late reply is read by the next call and never
        # left behind in Redis as one more key without a time to live.
        self._mailbox = Mailbox("celery", type="fanout", accept=["json"])
        self._workers: list[str] = []

    def start(self) -> None:
        """Start asking; does nothing when it already does."""
        if self._thread is None:
            self._stopping = threading.Event()
            self._thread = threading.Thread(target=self._run, args=(self._stopping,), name="roll-call", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stop asking, waiting for the thread for one call at most; may be called twice."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=SOCKET_S)
            self._thread = None

    def get_roll(self) -> Roll | None:
        """What the workers last answered; None = not known yet, or not any more. Returns at once."""
        outcome = self._outcome
        if outcome is None or time.monotonic() - outcome[1] > OVERDUE_S:
            return None
        return outcome[0]

    def _run(self, stopping: threading.Event) -> None:
        connection: Connection | None = None
        while not stopping.is_set():
            roll = Roll(served={})
            try:
                if connection is None:
                    connection = open_connection(self._url, timeout_s=SOCKET_S)
                    self._mailbox.connection = connection
                roll = self._note_answers(self._call())
                self._failure = None
            except Exception as error:  # noqa: BLE001  The thread's boundary: whatever happens, it must go on asking.
                self._note_failure(error)
                if connection is not None:
                    drop(connection)
                    connection = None
            self._outcome = roll, time.monotonic()
            stopping.wait(self._pause_s(roll))
        if connection is not None:
            connection.release()

    def _pause_s(self, roll: Roll) -> float:
        if self._is_amqp and self._failure == "denied":
            return DENIED_REST_S
        return INTERVAL_S if self._is_amqp or self._is_complete(roll.served) else RETRY_S

    def _is_complete(self, served: Mapping[str, int]) -> bool:
        return bool(served) if self._wanted is None else served.keys() >= self._wanted

    def _note_answers(self, served: Mapping[str, int]) -> Roll:
        now_s = time.monotonic()
        if served:
            self._answered_at = now_s
        silent_s = None if served or self._answered_at is None else now_s - self._answered_at
        return Roll(served=served, silent_s=silent_s)

    def _note_failure(self, error: Exception) -> None:
        reason = reason_of(error)
        if reason != self._failure:
            log.warning("the workers could not be asked: %s (%s)", reason, type(error).__name__)
        self._failure = reason

    def _call(self) -> Mapping[str, int]:
        served: Mapping[str, int] = self._ask(self._workers) if self._workers else {}
        return served if self._is_complete(served) else self._ask(None)

    def _ask(self, workers: list[str] | None) -> Mapping[str, int]:
        self._mailbox.unclaimed.clear()  # Late replies to earlier calls, which kombu keeps for ever.
        if workers:
            replies = self._mailbox.call(workers, "active_queues", timeout=ANSWER_S)
        else:
            replies = self._mailbox.multi_call("active_queues", timeout=ANSWER_S)
        consumed = {worker: self._names(answer) for reply in replies for worker, answer in reply.items()}
        self._workers = [worker for worker, queues in consumed.items() if queues]
        return Counter(queue for queues in consumed.values() for queue in queues)

    def _names(self, answer: Iterable[Any]) -> set[str]:
        """The queues in one worker's answer; none in `{"error": …}`, which is what one that cannot tell sends."""
        names = {str(queue.get("name")) for queue in answer if isinstance(queue, dict)}
        return names if self._wanted is None else names & self._wanted
