"""Watches the queues: a thread reads their depth and consumers up to every 250 ms.

The thread holds one connection and never publishes on it. `take()` returns at once what the thread saw since the last
call, joined with the management API's figures. `queue_reader` and `redis_reader` read one queue each.
"""

import logging
import random
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from collector.probes.backoff import DENIED_CAP_S, Backoff
from collector.probes.broker.amqp_waits import AmqpWaits
from collector.probes.broker.broker_connection import AMQP, close_quietly, kind_of, open_amqp, reason_of
from collector.probes.broker.departures import Departures
from collector.probes.broker.failover import Failover
from collector.probes.broker.kombu_bindings import Bindings
from collector.probes.broker.management import ManagementWatch
from collector.probes.broker.management_figures import Figures
from collector.probes.broker.queue_reader import AmqpReader, QueueReader
from collector.probes.broker.reading import Reading
from collector.probes.broker.redis_connection import RedisConnection
from collector.probes.broker.redis_reader import HEAD_PAUSE_S, RedisMemory, RedisReader
from collector.probes.polling_thread import PollingThread
from settings import ALL_QUEUES
from settings.broker_options import BrokerOptions
from store.samples.model import Queue, QueueState, Reserved

log = logging.getLogger(__name__)

OVERDUE_S = 2.0
"""A request pending for so long means a hung thread: each request times out after half of this."""

PAUSE_PER_QUEUE_S = 0.01
"""Least pause after a round, per queue. A queue costs some 0.1 ms of CPU, so a watch takes at most 1 % of a core.

Up to 25 queues are read every 250 ms, 200 every 2 s.
"""

BACKOFF_CAP_S = 2.0
"""Longest pause between two attempts to connect: a broker that recovers shows in the next sample."""

UNSEEN_S = 5.0
"""A longer time between two rounds means that this process was stopped and saw nothing. A pause is 2 s at most."""


class QueueWatch:
    """Watches queues of one broker until stopped; reconnects for ever. Thread-safe.

    The name `*` stands for the queues that `management` discovers.
    """

    def __init__(
        self,
        broker_url: str,
        queue_names: Sequence[str],
        *,
        options: BrokerOptions | None = None,
        management: ManagementWatch | None = None,
        read_interval_s: float = 0.25,
        timeout_s: float = 1.0,
    ) -> None:
        self.broker_kind = kind_of(broker_url)
        self._failover = Failover(broker_url, self._open_reader, longest_s=timeout_s)
        self._read_interval_s = read_interval_s
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._management = management
        self._discovers = ALL_QUEUES in queue_names
        self._seen: dict[str, Queue] = {}
        self._names: tuple[str, ...] = ()
        self._noted: dict[str, Queue] = {}
        """By queue, the reader's last result: the same object again means no change."""
        self._watch_only(() if self._discovers else queue_names)
        self._waits = AmqpWaits()
        self._counted_at_s: float | None = None
        """When the counts came that `_waits` has taken last, monotonic."""
        self._reserved: Reserved | None = None
        self._pending_since_s: float | None = None
        """When the pending request was sent, monotonic; None while none is pending."""
        self._seen_until_s = time.monotonic()
        """When the queues were last read, monotonic."""
        self._failure: str | None = None
        self._latency_ms: float | None = None
        options = options or BrokerOptions()
        is_amqp = self.broker_kind == AMQP
        self._departures = Departures(is_certain=not is_amqp, lag_s=0.0 if is_amqp else HEAD_PAUSE_S)
        self._memory = RedisMemory(options=options, bindings=Bindings(options), departures=self._departures)
        self._away = Backoff(2 * read_interval_s, BACKOFF_CAP_S)
        self._denied = Backoff(2 * read_interval_s, DENIED_CAP_S)
        self._thread = PollingThread("queue-watch", self._run, join_s=2 * timeout_s)

    def start(self) -> None:
        """Start watching; does nothing while it runs."""
        self._thread.start()

    def stop(self) -> None:
        """Stop watching. Waits for the thread as long as its deadlines allow; may be called twice."""
        self._thread.stop()

    def take(self) -> Reading:
        """The last depths, and their peaks since the previous call. Returns at once."""
        answer = self._management.get() if self._management else None
        with self._lock:
            pending_since_s = self._pending_since_s
            if pending_since_s is not None and time.monotonic() - pending_since_s > max(
                OVERDUE_S, 2 * self._failover.longest_s
            ):
                self._fail("stuck")
            seen = tuple(self._seen.values())
            self._seen = {queue.name: replace(queue, peak=queue.ready) for queue in seen}
            now_s = time.monotonic()
            reading = Reading(
                broker_kind=self.broker_kind,
                queues=seen,
                failure=self._failure,
                latency_ms=self._latency_ms,
                address_index=self._failover.address_index,
                movements={queue.name: self._departures.movement(queue.name, now_s) for queue in seen},
                reserved=None if self._failure else self._reserved,
            )
            if answer is None or reading.failure is not None:
                return self._with_waits(reading, {}, now_s)
            figures = answer.figures or {}
            return self._with_waits(reading.joined_with(figures, answer.alarm, now_s), figures, now_s)

    def _with_waits(self, reading: Reading, figures: Mapping[str, Figures], now_s: float) -> Reading:
        """On Redis the reader tells the waiting times already."""
        if self.broker_kind != AMQP:
            return reading
        queues = tuple(self._waits.told(queue, figures.get(queue.name), now_s) for queue in reading.queues)
        return replace(reading, queues=queues)

    def _run(self, stopping: threading.Event) -> None:
        reader: QueueReader | None = None
        while not stopping.is_set():
            try:
                self._pending_since_s = time.monotonic()
                was_away = reader is None
                reader = self._failover.open() if reader is None else self._failover.reopen(reader)
                self._skip_unseen(was_away=was_away)
                self._read_round(reader)
                self._pending_since_s = None
                self._pause()
            except Exception as error:  # noqa: BLE001  The thread's boundary: it must read on.
                reason = self._note_failure(error)
                if reader is not None:
                    close_quietly(reader.drop)
                    reader = None
                self._pending_since_s = None
                pause_s = (self._denied if reason == "denied" else self._away).next_s()
                stopping.wait(pause_s * random.uniform(0.5, 1))  # noqa: S311  Jitter, so that many collectors do not reconnect at once.
        if reader is not None:
            close_quietly(reader.close)

    def _open_reader(self, url: str) -> QueueReader:
        if self.broker_kind != AMQP:
            return RedisReader(RedisConnection(url, timeout_s=self._timeout_s), self._memory, self._names)
        reader = AmqpReader(open_amqp(url, timeout_s=self._timeout_s), self._departures, self._is_there)
        self._departures.forget()  # Departures went unseen meanwhile; on Redis the lists show them.
        return reader

    def _skip_unseen(self, *, was_away: bool) -> None:
        """Do not blame the workers for a time without readings: the broker was away, or this process was stopped."""
        now_s = time.monotonic()
        if was_away or now_s - self._seen_until_s > UNSEEN_S:
            self._departures.skip(self._seen_until_s, now_s)
            self._seen_until_s = now_s
            with self._lock:
                self._waits.lose_sight()

    def _is_there(self, name: str) -> bool | None:
        """Whether the management API lists the queue; None = unknown."""
        answer = self._management.get() if self._management else None
        return None if answer is None or answer.figures is None else name in answer.figures

    def _read_round(self, reader: QueueReader) -> None:
        if self._management and (answer := self._management.get()) and answer.figures is not None:
            if self._discovers:
                self._watch_only(answer.discovered)
            self._take_counts(answer.figures, answer.at_s, answer.late_s)
        started_s = now_s = time.monotonic()
        for name in self._names:
            self._pending_since_s = now_s
            queue = reader.read(name)
            now_s = time.monotonic()
            if self.broker_kind == AMQP:
                with self._lock:
                    self._waits.see(queue, now_s)
            if queue is not self._noted.get(name):
                self._note(queue)
        self._reserved = reader.reserved()
        if not self._names and isinstance(reader, AmqpReader):  # `*`, on RabbitMQ only, has found none.
            reader.prove()
            now_s = time.monotonic()
        self._seen_until_s = now_s
        self._latency_ms = (now_s - started_s) * 1000
        self._away.reset()
        self._denied.reset()
        if self._failure is not None:
            with self._lock:
                log.info("the watched broker answers again")
                self._failure = None

    def _take_counts(self, figures: Mapping[str, Figures], at_s: float, late_s: float) -> None:
        if at_s != self._counted_at_s:
            self._counted_at_s = at_s
            with self._lock:
                self._waits.count(figures, at_s, late_s)

    def _watch_only(self, names: Sequence[str]) -> None:
        if self._names == tuple(names):
            return
        with self._lock:
            unseen = {name: Queue(name=name, state=QueueState.UNKNOWN) for name in names}
            self._seen = {name: self._seen.get(name, queue) for name, queue in unseen.items()}
            self._names = tuple(self._seen)
            self._noted.clear()

    def _note(self, queue: Queue) -> None:
        with self._lock:
            before = self._seen[queue.name]
            peak = before.peak if queue.ready is None else max(before.peak or 0, queue.ready)
            self._seen[queue.name] = replace(queue, peak=peak)
            self._noted[queue.name] = queue
        if queue.state not in (before.state, QueueState.OK):
            log.warning("queue %r is %s%s", queue.name, queue.state, f": {queue.reason}" if queue.reason else "")

    def _note_failure(self, error: Exception) -> str:
        reason = reason_of(error)
        with self._lock:
            if self._failure != reason:  # No message, no traceback: both may hold the broker's address.
                log.warning("the watched broker does not answer: %s (%s)", reason, type(error).__name__)
            self._fail(reason)
        return reason

    def _fail(self, reason: str) -> None:
        """Forget the depths, which may be wrong by now, and keep the peaks. Call with the lock held."""
        self._failure = reason
        self._noted.clear()
        self._seen = {
            queue.name: Queue(name=queue.name, state=QueueState.UNKNOWN, peak=queue.peak)
            for queue in self._seen.values()
        }

    def _pause(self) -> None:
        # Not `stopping.wait`: four times a second it costs as much as the reading.
        time.sleep(max(self._read_interval_s, PAUSE_PER_QUEUE_S * len(self._seen)))
