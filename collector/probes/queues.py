"""Depth and consumers of the watched queues, read every 250 ms by a thread of its own.

The thread holds one connection and never publishes on it; `take()` hands over what it saw since the last call and
never waits. RabbitMQ is asked by a passive declare. Redis is asked for the length of kombu's priority keys: a passive
declare takes an empty queue for a missing one there, and costs ten times as much.
"""

# kombu is marked as typed, but most of it is not.
# mypy: allow-untyped-calls

import logging
import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import amqp
import redis
from kombu.connection import Connection

from collector.probes.broker_connection import AMQP, drop, kind_of, open_connection, reason_of
from collector.store.model import Queue, QueueState

log = logging.getLogger(__name__)

OVERDUE_S = 2.0
"""A question unanswered for so long means a hung thread: each has a deadline of half of it."""

ABSENT_REST_S = 2.0
"""A queue that is not there is looked for again after this time: RabbitMQ logs every such look as an error."""

BACKOFF_CAP_S = 2.0
"""Longest pause between two attempts to connect: a broker that is back shows within the next sample."""

SCAN_COUNT = 5000
"""Keys that Redis walks over in one step of the search for bindings: about 1 ms of its time."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What the watch saw since the previous `take()`."""

    broker_kind: str
    """amqp or redis."""
    queues: tuple[Queue, ...]
    failure: str | None = None
    """Why the broker's last answer is missing: refused, timeout, denied, error, stuck. None = it answered."""
    latency_ms: float | None = None
    """Duration of the last round over all queues; None before the first."""


class QueueWatch:
    """Watches queues of one broker until stopped; reconnects for ever. Thread-safe."""

    def __init__(
        self, broker_url: str, queue_names: Sequence[str], *, read_interval_s: float = 0.25, timeout_s: float = 1.0
    ) -> None:
        self.broker_kind = kind_of(broker_url)
        self._url = broker_url
        self._read_interval_s = read_interval_s
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._seen = {name: Queue(name=name, state=QueueState.UNKNOWN) for name in queue_names}
        self._asked_at: float | None = None
        """When the pending question was put, monotonic; None while none is."""
        self._failure: str | None = None
        self._latency_ms: float | None = None
        self._known: set[str] = set()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start watching; does nothing when it already does."""
        if self._thread is None:
            self._stopping = threading.Event()
            self._thread = threading.Thread(target=self._run, args=(self._stopping,), name="queue-watch", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stop watching, waiting for the thread at most as long as its deadlines allow; may be called twice."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=2 * self._timeout_s)
            self._thread = None

    def take(self) -> Reading:
        """The last depths, and their peaks since the previous call. Returns at once, whatever the broker does."""
        with self._lock:
            asked_at = self._asked_at
            if asked_at is not None and time.monotonic() - asked_at > OVERDUE_S:
                self._fail("stuck")
            seen = tuple(self._seen.values())
            self._seen = {queue.name: replace(queue, peak=queue.ready) for queue in seen}
            return Reading(
                broker_kind=self.broker_kind, queues=seen, failure=self._failure, latency_ms=self._latency_ms
            )

    def _run(self, stopping: threading.Event) -> None:
        connection: Connection | None = None
        failures = 0
        while not stopping.is_set():
            try:
                self._asked_at = time.monotonic()
                if connection is None:
                    connection = open_connection(self._url, timeout_s=self._timeout_s)
                    reader = self._make_reader(connection)
                self._read_round(reader)
                failures = 0
            except Exception as error:  # noqa: BLE001  The thread's boundary: whatever happens, it must go on asking.
                self._note_failure(error)
                if connection is not None:
                    drop(connection)
                    connection = None
                failures += 1
            self._asked_at = None
            stopping.wait(self._pause_s(failures))
        if connection is not None:
            connection.release()

    def _make_reader(self, connection: Connection) -> "QueueReader":
        return AmqpReader(connection) if self.broker_kind == AMQP else RedisReader(connection, self._known)

    def _read_round(self, reader: "QueueReader") -> None:
        started = time.monotonic()
        for name in tuple(self._seen):
            self._asked_at = time.monotonic()
            self._note(reader.read(name))
        with self._lock:
            if self._failure is not None:
                log.info("the watched broker answers again")
            self._failure = None
            self._latency_ms = (time.monotonic() - started) * 1000

    def _note(self, queue: Queue) -> None:
        with self._lock:
            before = self._seen[queue.name]
            counts = [count for count in (before.peak, queue.ready) if count is not None]
            self._seen[queue.name] = replace(queue, peak=max(counts, default=None))
        if queue.state not in (before.state, QueueState.OK):
            log.warning("queue %r is %s", queue.name, queue.state)

    def _note_failure(self, error: Exception) -> None:
        reason = reason_of(error)
        with self._lock:
            if self._failure != reason:  # Neither the message nor the traceback: both may hold the broker's address.
                log.warning("the watched broker does not answer: %s (%s)", reason, type(error).__name__)
            self._fail(reason)

    def _fail(self, reason: str) -> None:
        """Forget the depths, which nobody vouches for any more; the peaks were seen. Wants the lock."""
        self._failure = reason
        self._seen = {
            queue.name: Queue(name=queue.name, state=QueueState.UNKNOWN, peak=queue.peak)
            for queue in self._seen.values()
        }

    def _pause_s(self, failures: int) -> float:
        if not failures:
            return self._read_interval_s
        pause_s: float = min(BACKOFF_CAP_S, self._read_interval_s * 2 ** min(failures, 10))
        return pause_s * random.uniform(0.5, 1)  # noqa: S311  Jitter: collectors of a fleet come back one by one.


class QueueReader(Protocol):
    """Reads one queue over an open connection."""

    def read(self, name: str) -> Queue:
        """The queue as it is now. Raises: foreign errors when the broker does not answer."""


class AmqpReader:
    """RabbitMQ: `queue.declare` with `passive`, whose answer carries the messages ready and the consumers.

    Every release up to 4.2.6 and from 4.3.0 counts a quorum queue's consumers rightly; a stream's are always 0.
    """

    def __init__(self, connection: Connection) -> None:
        self._channel = connection.channel()
        self._absent: dict[str, tuple[Queue, float]] = {}
        """Queues that could not be read, and when that was found, monotonic."""

    def read(self, name: str) -> Queue:
        """The queue. A refusal closes the channel, which py-amqp reopens at once by itself."""
        queue, found_at = self._absent.get(name, (None, 0.0))
        if queue is not None and time.monotonic() - found_at < ABSENT_REST_S:
            self._channel.basic_qos(0, 0, False)  # Changes nothing; that it is answered shows that the broker is well.
            return queue
        queue = self._declare(name)
        if queue.state == QueueState.OK:
            self._absent.pop(name, None)
        else:
            self._absent[name] = queue, time.monotonic()
        return queue

    def _declare(self, name: str) -> Queue:
        try:
            declared = self._channel.queue_declare(name, passive=True)
        except amqp.NotFound as error:
            # The same 404 says that a durable queue's node is down: then it is not missing, only out of sight.
            missing = "no queue" in str(error.reply_text)
            return Queue(name=name, state=QueueState.MISSING if missing else QueueState.UNKNOWN)
        except amqp.ChannelError:  # 403, 405: not for us; the others still can be read.
            return Queue(name=name, state=QueueState.UNKNOWN)
        return Queue(name=name, state=QueueState.OK, ready=declared.message_count, consumers=declared.consumer_count)


class RedisReader:
    """Redis, where a queue is its messages: an empty one does not exist.

    So a queue is known once it has held a message, or is bound: kombu lists the queues that a worker or publisher has
    ever declared in the sets `_kombu.binding.<exchange>`. Any other name is missing. Redis tells no consumers.
    """

    def __init__(self, connection: Connection, known: set[str]) -> None:
        self._channel = connection.channel()
        self._connection = self._channel.pool.get_connection()
        self._known = known
        """Names that are known, kept by the watch over reconnects."""
        self._cursor = 0
        self._has_searched = False
        self._searched_at = float("-inf")

    def read(self, name: str) -> Queue:
        """The queue; unknown, not missing, until the bindings have been searched once."""
        try:
            ready = self._size(name)
        except redis.ResponseError:  # Not a list, or not for us; the others still can be read.
            return Queue(name=name, state=QueueState.UNKNOWN)
        if ready:
            self._known.add(name)
        elif name not in self._known and time.monotonic() - self._searched_at > ABSENT_REST_S:
            self._search_bindings()
        if name in self._known:
            return Queue(name=name, state=QueueState.OK, ready=ready)
        return Queue(name=name, state=QueueState.MISSING if self._has_searched else QueueState.UNKNOWN)

    def _size(self, name: str) -> int:
        """What kombu's `Channel._size` returns, from the same keys, for a fifth of its cost.

        It makes a client and a transaction for each call: 1.1 ms of CPU four times a second, against 0.2 ms here.
        Raises: ResponseError when a key is no list, or not for us.
        """
        keys = [self._channel._q_for_pri(name, step) for step in self._channel.priority_steps]
        commands = self._connection.pack_commands([("LLEN", key) for key in keys])
        self._connection.send_packed_command(commands, check_health=False)
        replies = [self._read_reply() for _ in keys]  # All of them, or the next call would read the rest of these.
        for reply in replies:
            if isinstance(reply, redis.ResponseError):
                raise reply
        return sum(replies)

    def _read_reply(self) -> Any:
        try:
            return self._connection.read_response()
        except redis.ResponseError as error:
            return error

    def _search_bindings(self) -> None:
        """Take one step through the keys: a broker shared with a large database must not feel the search."""
        prefix = self._channel.keyprefix_queue % ""
        with self._channel.conn_or_acquire() as client:
            self._cursor, keys = client.scan(self._cursor, match=f"{prefix}*", count=SCAN_COUNT)
        for key in keys:
            self._known.update(queue for *_, queue in self._channel.get_table(key.decode().removeprefix(prefix)))
        self._searched_at = time.monotonic()
        self._has_searched = self._has_searched or self._cursor == 0
