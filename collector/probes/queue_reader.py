"""Reads one queue over an open connection: RabbitMQ by a passive declare, Redis as `redis_reader` tells."""

# kombu is marked as typed, but most of it is not.

import ssl
import time
from typing import Protocol

import amqp
from amqp import spec
from kombu.connection import Connection

from collector.probes.broker_connection import drop
from collector.probes.departures import Departures
from collector.probes.doubt import Doubt
from collector.probes.passive_declare import Counts, Question
from collector.store.model import Queue, QueueState

ABSENT_REST_S = 2.0
"""A queue that is not there is looked for again after this time: RabbitMQ logs every such look as an error."""

BLOCKED_REST_S = 8.0
"""A queue that blocks its declare is asked again after this time: each question holds a channel until its answer."""

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


class AmqpReader:
    """RabbitMQ: `queue.declare` with `passive`, whose answer carries the messages ready and the consumers.

    Every release up to 4.2.6 and from 4.3.0 counts a quorum queue's consumers rightly; a stream's are always 0.
    """

    def __init__(self, connection: Connection, departures: Departures) -> None:
        self._connection = connection
        self._departures = departures
        self._channel = connection.channel()
        self._is_tls = isinstance(self._connection.connection.transport.sock, ssl.SSLSocket)
        self._questions: dict[str, Question] = {}
        self._doubt = Doubt()
        self._settled: dict[str, tuple[Counts, Queue]] = {}
        """What was last told of each queue and believed."""
        self._resting: dict[str, tuple[Queue, float]] = {}
        """Queues that could not be read, and until when they are left alone, monotonic."""

    def read(self, name: str) -> Queue:
        """The queue. A refusal closes the channel, which py-amqp reopens at once by itself."""
        if self._resting and (queue := self._rested(name)):
            self._channel.basic_qos(0, 0, False)  # Changes nothing; that it is answered shows that the broker is well.
            return queue
        try:
            counts = self._declare(name)
        except amqp.NotFound as error:
            # The same 404 says that a durable queue's node is down: then it is not missing, only out of sight.
            missing = "no queue" in str(error.reply_text)
            return self._rest(name, QueueState.MISSING if missing else QueueState.UNKNOWN, ABSENT_REST_S)
        except amqp.ChannelError:  # 403, 405: not for us; the others still can be read.
            return self._rest(name, QueueState.UNKNOWN, ABSENT_REST_S)
        except TimeoutError:
            self._leave_channel()
            return self._rest(name, QueueState.UNKNOWN, BLOCKED_REST_S)
        settled = self._settled.get(name)
        if settled and settled[0] is counts:
            return settled[1]
        queue = Queue(name=name, state=QueueState.OK, ready=counts[0], consumers=counts[1])
        believed = self._doubt.weigh(queue)
        if believed is queue:
            self._settled[name] = counts, queue
            self._departures.note(queue, time.monotonic())
        return believed

    def close(self) -> None:
        """Close the connection politely."""
        self._connection.release()

    def drop(self) -> None:
        """Close the connection without a word."""
        drop(self._connection)

    def _declare(self, name: str) -> Counts:
        """Messages ready and consumers. Raises: what py-amqp raises."""
        if self._is_tls:
            _, ready, consumers = self._channel.queue_declare(name, passive=True)
            return ready, consumers
        question = self._questions.get(name)
        if question is None:
            transport = self._connection.connection.transport
            question = self._questions[name] = Question(transport, self._channel.channel_id, name)
        if counts := question.ask():
            return counts
        _, ready, consumers = self._channel.wait(spec.Queue.DeclareOk, returns_tuple=True)
        return ready, consumers

    def _rested(self, name: str) -> Queue | None:
        """What is said of a queue while it is left alone."""
        queue, until_s = self._resting.get(name, (None, 0.0))
        if time.monotonic() < until_s:
            return queue
        self._resting.pop(name, None)
        return None

    def _rest(self, name: str, state: QueueState, rest_s: float) -> Queue:
        queue = Queue(name=name, state=state)
        now_s = time.monotonic()
        self._resting[name] = queue, now_s + rest_s
        self._departures.note(queue, now_s)
        return queue

    def _leave_channel(self) -> None:
        """Go on with another channel: a classic queue that is busy holds up its declare, and with it the channel.

        The channel left behind is closed without waiting: RabbitMQ gets to it when the queue does. Raises: TimeoutError
        when no other channel can be had, for then it is the broker that does not answer.
        """
        transport = self._connection.connection.sock
        patience_s = transport.gettimeout()
        transport.settimeout(PROOF_S)
        try:
            channel = self._connection.channel()
        finally:
            transport.settimeout(patience_s)
        self._channel.send_method(spec.Channel.Close, "BsBB", (0, "", 0, 0))
        self._channel = channel
        self._questions.clear()
