"""Asks Celery's workers over Redis which queues they consume: every 10 s, by a thread of its own.

Redis does not tell a queue's consumers, so the workers must. They are asked for `active_queues` rather than `ping`: a
ping is answered by every worker of the broker, this panel's own collector among them, and by one that has stopped
consuming. A question to everybody always lasts its whole time-out, one to named workers ends with their last answer;
so everybody is asked only while a queue is without a worker.

Source: kombu 5.7.0 pidbox.py, celery 5.7.0 app/control.py.
"""

# kombu is marked as typed, but most of it is not.

import logging
import threading
import time
from collections.abc import Iterable, Sequence
from typing import Any

from kombu.connection import Connection
from kombu.pidbox import Mailbox

from collector.probes.broker_connection import drop, open_connection, reason_of

log = logging.getLogger(__name__)

INTERVAL_S = 10.0
RETRY_S = 2.0
"""Pause after a call that left a queue without a worker, so that a worker that came back shows at once."""

ANSWER_S = 1.0
"""How long an answer may take. A worker of the solo pool answers only between its tasks."""

SOCKET_S = 3.0
"""Deadline of a read or write: more than the second for which kombu's BRPOP waits inside Redis."""

OVERDUE_S = 3 * INTERVAL_S
"""An outcome older than this is none: the thread hangs."""


class RollCall:
    """Knows which of the queues are consumed by a worker that answers. Thread-safe."""

    def __init__(self, broker_url: str, queue_names: Sequence[str]) -> None:
        self._url = broker_url
        self._wanted = frozenset(queue_names)
        self._outcome: tuple[frozenset[str], float] | None = None
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

    def get_served(self) -> frozenset[str] | None:
        """The queues that answering workers consume; None = not known yet, or not any more. Returns at once."""
        outcome = self._outcome
        if outcome is None or time.monotonic() - outcome[1] > OVERDUE_S:
            return None
        return outcome[0]

    def _run(self, stopping: threading.Event) -> None:
        connection: Connection | None = None
        while not stopping.is_set():
            served: frozenset[str] = frozenset()
            try:
                if connection is None:
                    connection = open_connection(self._url, timeout_s=SOCKET_S)
                    self._mailbox.connection = connection
                served = self._call()
            except Exception as error:  # noqa: BLE001  The thread's boundary: whatever happens, it must go on asking.
                log.warning("the workers could not be asked: %s (%s)", reason_of(error), type(error).__name__)
                if connection is not None:
                    drop(connection)
                    connection = None
            self._outcome = served, time.monotonic()
            stopping.wait(INTERVAL_S if served == self._wanted else RETRY_S)
        if connection is not None:
            connection.release()

    def _call(self) -> frozenset[str]:
        served = self._ask(self._workers) if self._workers else frozenset()
        return served if served == self._wanted else self._ask(None)

    def _ask(self, workers: list[str] | None) -> frozenset[str]:
        self._mailbox.unclaimed.clear()  # Late replies to earlier calls, which kombu keeps for ever.
        if workers:
            replies = self._mailbox.call(workers, "active_queues", timeout=ANSWER_S)
        else:
            replies = self._mailbox.multi_call("active_queues", timeout=ANSWER_S)
        consumed = {worker: self._wanted & _names(answer) for reply in replies for worker, answer in reply.items()}
        self._workers = [worker for worker, queues in consumed.items() if queues]
        return frozenset().union(*consumed.values())


def _names(answer: Iterable[Any]) -> set[str]:
    """The queues' names in one worker's answer; none in `{"error": …}`, which is what one that cannot tell sends."""
    return {str(queue.get("name")) for queue in answer if isinstance(queue, dict)}
