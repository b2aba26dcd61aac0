"""Reads one queue over an open connection: RabbitMQ by a passive declare, Redis as `redis_reader` tells."""

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
from store.samples.model import Queue, QueueState

ABSENT_PAUSE_S, LONGEST_ABSENT_PAUSE_S = 2.0, 60.0
"""A queue that is not there, or not for us, is looked for again after this time, which doubles each time: RabbitMQ logs
every such look as two errors. Where the management API tells which queues there are, one that is not is left alone."""

BLOCKED_PAUSE_S = 8.0
"""A queue that blocks its declare is asked again after this time: each declare holds a channel until its answer."""

PROOF_S = 0.5
"""How long RabbitMQ may take to open a channel, which no queue has a part in, before it counts as not answering."""


class QueueReader(Protocol):
    """Reads one queue over an open connection."""

    def read(self, name: str) -> Queue:
        """The queue as it is now, the same object while nothing is new.

        Raises: foreign errors when the broker does not answer.
        """

    def close(self) -> None:
        """Close the connection politely."""

    def drop(self) -> None:
        """Close a connection that may be broken, without talking to the broker."""


@dataclass
class _Rest:
    """A queue that could not be read."""

    queue: Queue
    until_s: float
    """Until when it is left alone, monotonic."""
    at_least_until_s: float
    """Until when it is left alone though somebody else knows of it: the API may not have heard yet that it is gone."""

    def is_over(self, now_s: float, *, is_there: bool | None) -> bool:
        """`is_there`: what somebody else knows of the queue; None = nothing."""
        if self.queue.state == QueueState.MISSING and is_there is not None:
            return is_there and now_s >= self.at_least_until_s
        return now_s >= self.until_s


def _nobody_tells(_name: str) -> bool | None:
    return None


class AmqpReader:
    """RabbitMQ: `queue.declare` with `passive`, whose answer carries the messages ready and the consumers.

    Every release up to 4.2.6 and from 4.3.0 counts a quorum queue's consumers rightly; a stream's are always 0.
    """

    def __init__(
        self, connection: Connection, departures: Departures, is_there: Callable[[str], bool | None] = _nobody_tells
    ) -> None:
        """`is_there`: whether somebody else knows of a queue of this name; None = nobody tells."""
        self._is_there = is_there
        self._connection = connection
        self._departures = departures
        self._channel = connection.channel()
        self._is_tls = isinstance(self._connection.connection.transport.sock, ssl.SSLSocket)
        self._declares: dict[str, PassiveDeclare] = {}
        self._debounce = Debounce()
        self._settled: dict[str, tuple[Counts, Queue]] = {}
        """What was last told of each queue and believed."""
        self._resting: dict[str, _Rest] = {}
        self._absent: dict[str, Backoff] = {}

    def read(self, name: str) -> Queue:
        """The queue. A refusal closes the channel, which py-amqp reopens at once by itself."""
        if name not in self._settled and name not in self._resting and self._is_there(name) is False:
            self._rest(name, QueueState.MISSING, 0.0)
        if self._resting and (queue := self._rested(name)):
            self.prove()
            return queue
        try:
            counts = self._declare(name)
        except amqp.NotFound as error:
            # The same 404 says that a durable queue's node is down: then it is not missing, only out of sight.
            missing = "no queue" in str(error.reply_text)
            self._settled.pop(name, None)
            return self._rest_longer(name, QueueState.MISSING if missing else QueueState.UNKNOWN)
        except amqp.ChannelError:  # 403, 405: not for us; the others still can be read.
            return self._rest_longer(name, QueueState.UNKNOWN)
        except TimeoutError:
            self._leave_channel()
            return self._rest(name, QueueState.UNKNOWN, BLOCKED_PAUSE_S)
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

    def prove(self) -> None:
        """Ask what changes nothing: that it is answered shows that the broker is well. Raises: as `read`."""
        self._channel.basic_qos(0, 0, False)

    def close(self) -> None:
        """Close the connection politely."""
        close(self._connection)

    def drop(self) -> None:
        """Close the connection without a word."""
        drop(self._connection)

    def _declare(self, name: str) -> Counts:
        """Messages ready and consumers. Raises: what py-amqp raises."""
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

    def _rested(self, name: str) -> Queue | None:
        """What is said of a queue while it is left alone."""
        rest = self._resting.get(name)
        if rest is None:
            return None
        if not rest.is_over(time.monotonic(), is_there=self._is_there(name)):
            return rest.queue
        del self._resting[name]
        return None

    def _rest_longer(self, name: str, state: QueueState) -> Queue:
        backoff = self._absent.setdefault(name, Backoff(ABSENT_PAUSE_S, LONGEST_ABSENT_PAUSE_S))
        return self._rest(name, state, backoff.next_s())

    def _rest(self, name: str, state: QueueState, rest_s: float) -> Queue:
        queue = Queue(name=name, state=state)
        now_s = time.monotonic()
        self._resting[name] = _Rest(queue, now_s + rest_s, now_s + min(rest_s, ABSENT_PAUSE_S))
        self._departures.note(queue, now_s)
        return queue

    def _leave_channel(self) -> None:
        """Go on with another channel: a classic queue that is busy holds up its declare, and with it the channel.

        The channel left behind is closed without waiting: RabbitMQ gets to it when the queue does. Raises: TimeoutError
        when no other channel can be had, for then it is the broker that does not answer.
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
