"""Reads one queue over an open connection: RabbitMQ's by a passive declare. `redis_reader` reads Redis'."""

# kombu is marked as typed, but most of it is not.

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import amqp
from amqp import spec
from kombu.connection import Connection

from collector.probes.backoff import Backoff
from collector.probes.broker.broker_connection import close, drop
from collector.probes.broker.debounce import Debounce
from collector.probes.broker.departures import Departures
from collector.probes.broker.passive_declare import Counts, PassiveDeclare
from store.samples.model import Queue, QueueState, Reserved

ABSENT_PAUSE_S, LONGEST_ABSENT_PAUSE_S = 2.0, 60.0
"""First and longest pause before a missing or forbidden queue is declared again. It doubles each time, since RabbitMQ
logs two errors for each. A queue that the management API reports missing is not declared at all."""

BLOCKED_PAUSE_S = 8.0
"""Pause after a declare that a queue blocks: each one holds a channel until it is answered."""

PROOF_S = 0.5
"""How long RabbitMQ may take to open a channel, which involves no queue, before it counts as not answering."""


class QueueReader(Protocol):
    """Reads one queue over an open connection."""

    def read(self, name: str) -> Queue:
        """The queue as it is now; the same object while nothing changes.

        Raises: foreign errors when the broker does not answer.
        """

    def reserved(self) -> Reserved | None:
        """Messages that the broker keeps for workers beside its queues; None where it counts them by queue.

        Raises: as `read`.
        """

    def close(self) -> None:
        """Close the connection politely."""

    def drop(self) -> None:
        """Close a connection that may be broken, without talking to the broker."""


@dataclass
class _Pause:
    """A queue that could not be read, and pauses."""

    queue: Queue
    until_s: float
    """End of the pause, monotonic."""
    at_least_until_s: float
    """End of the least pause, even if the API lists the queue: it may not know yet that the queue is gone."""

    def is_over(self, now_s: float, *, is_there: bool | None) -> bool:
        """`is_there`: whether the management API lists the queue; None = unknown."""
        if self.queue.state == QueueState.MISSING and is_there is not None:
            return is_there and now_s >= self.at_least_until_s
        return now_s >= self.until_s


def _unknown(_name: str) -> bool | None:
    return None


class AmqpReader:
    """Reads RabbitMQ's queues by a passive `queue.declare`, which is answered with ready messages and consumers.

    RabbitMQ up to 4.2.6 and from 4.3.0 on counts a quorum queue's consumers correctly; a stream's are always 0.
    """

    def __init__(
        self, connection: Connection, departures: Departures, is_there: Callable[[str], bool | None] = _unknown
    ) -> None:
        """`is_there`: whether the management API lists a queue of this name; None = unknown."""
        self._is_there = is_there
        self._connection = connection
        self._departures = departures
        self._channel = connection.channel()
        self._is_tls = isinstance(self._connection.connection.transport.sock, ssl.SSLSocket)
        self._declares: dict[str, PassiveDeclare] = {}
        self._debounce = Debounce()
        self._settled: dict[str, tuple[Counts, Queue]] = {}
        """By queue, the last counts that passed the debounce."""
        self._pauses: dict[str, _Pause] = {}
        self._absent: dict[str, Backoff] = {}

    def read(self, name: str) -> Queue:
        """The queue. A refusal closes the channel; py-amqp reopens it at once."""
        if name not in self._settled and name not in self._pauses and self._is_there(name) is False:
            self._pause(name, QueueState.MISSING, 0.0)
        if self._pauses and (queue := self._paused(name)):
            self.prove()
            return queue
        try:
            counts = self._declare(name)
        except amqp.NotFound as error:
            # RabbitMQ also sends 404 when a durable queue's node is down: then the queue is unknown, not missing.
            missing = "no queue" in str(error.reply_text)
            self._settled.pop(name, None)
            return self._pause_longer(name, QueueState.MISSING if missing else QueueState.UNKNOWN)
        except amqp.ChannelError:  # 403, 405: forbidden; the other queues can still be read.
            return self._pause_longer(name, QueueState.UNKNOWN)
        except TimeoutError:
            self._leave_channel()
            return self._pause(name, QueueState.UNKNOWN, BLOCKED_PAUSE_S)
        if self._absent:
            self._absent.pop(name, None)
        settled = self._settled.get(name)
        if settled and settled[0] is counts:
            return settled[1]
        queue = Queue(name=name, state=QueueState.OK, ready=counts[0], consumers=counts[1])
        believed = self._debounce.filter(queue)
        if believed is queue:
            self._settled[name] = counts, queue
            self._departures.note(queue, time.monotonic())
        return believed

    def reserved(self) -> None:
        """RabbitMQ counts what it has handed out by queue."""

    def prove(self) -> None:
        """Send a request that changes nothing, to see whether the broker answers. Raises: as `read`."""
        self._channel.basic_qos(0, 0, False)

    def close(self) -> None:
        """Close the connection politely."""
        close(self._connection)

    def drop(self) -> None:
        """Close the connection without talking to the broker."""
        drop(self._connection)

    def _declare(self, name: str) -> Counts:
        """Raises: what py-amqp raises."""
        if self._is_tls:
            _, ready, consumers = self._channel.queue_declare(name, passive=True)
            return ready, consumers
        declare = self._declares.get(name)
        if declare is None:
            transport = self._connection.connection.transport
            declare = self._declares[name] = PassiveDeclare(transport, self._channel.channel_id, name)
        if counts := declare.ask():
            return counts
        _, ready, consumers = self._channel.wait(spec.Queue.DeclareOk, returns_tuple=True)
        return ready, consumers

    def _paused(self, name: str) -> Queue | None:
        """The queue as it is reported during its pause; None = it does not pause."""
        pause = self._pauses.get(name)
        if pause is None:
            return None
        if not pause.is_over(time.monotonic(), is_there=self._is_there(name)):
            return pause.queue
        del self._pauses[name]
        return None

    def _pause_longer(self, name: str, state: QueueState) -> Queue:
        backoff = self._absent.setdefault(name, Backoff(ABSENT_PAUSE_S, LONGEST_ABSENT_PAUSE_S))
        return self._pause(name, state, backoff.next_s())

    def _pause(self, name: str, state: QueueState, pause_s: float) -> Queue:
        queue = Queue(name=name, state=state)
        now_s = time.monotonic()
        self._pauses[name] = _Pause(queue, now_s + pause_s, now_s + min(pause_s, ABSENT_PAUSE_S))
        self._departures.note(queue, now_s)
        return queue

    def _leave_channel(self) -> None:
        """Switch to another channel: a busy classic queue blocks its declare, and with it the channel.

        The old channel is closed without waiting for the answer, which comes after the declare's.
        Raises: TimeoutError when no other channel opens: then the broker itself does not answer.
        """
        transport = self._connection.connection.sock
        timeout_s = transport.gettimeout()
        transport.settimeout(PROOF_S)
        try:
            channel = self._connection.channel()
        finally:
            transport.settimeout(timeout_s)
        self._channel.send_method(spec.Channel.Close, "BsBB", (0, "", 0, 0))
        self._channel = channel
        self._declares.clear()
