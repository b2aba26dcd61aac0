"""Inspects the workers on a RabbitMQ: publishes to the exchange they all listen to, and reads a reply queue of its own.

The queue is exclusive to the connection, ends with it, and needs no binding: the default exchange delivers to it.
Nothing of the application's is declared. The exchange exists once a worker has started since the broker did. RabbitMQ
refuses and logs a request to a missing exchange, so requests then become rare.
"""

import time
from typing import Any

import amqp
from kombu.connection import Connection

from collector.probes.broker.broker_connection import close, drop, open_amqp, reason_of
from collector.probes.workers.pidbox import (
    CONTENT_TYPE,
    EXCHANGE,
    MAX_ANSWERS,
    TO_ALL,
    Answers,
    Inbox,
    InspectError,
    Message,
    Question,
    inspect_reason,
    new_reply_queue,
    read_answers,
)

MAX_QUEUED_BYTES = 16 * 2**20
"""Most bytes of answers that the queue holds."""


class AmqpPidbox:
    """A pidbox over one connection. Not thread-safe."""

    def __init__(self, broker_url: str, *, timeout_s: float) -> None:
        """Raises: InspectError."""
        self._timeout_s = timeout_s
        self._queue = new_reply_queue()  # A new one for each connection: the last one may still be locked.
        self._inbox = Inbox()
        self._is_returned = False
        self._ticket = ""
        self._answered = 0
        """Answers to the last request; a late answer to an earlier one does not count."""
        self._expected = 1
        """Answers of all workers to wait for: as many as last time. RabbitMQ does not tell how many it reaches."""
        self._connection: Connection | None = None
        try:
            self._connection = open_amqp(broker_url, timeout_s=timeout_s)
            self._channel: Any = self._connection.channel()
            self._listen()
        except Exception as error:
            raise self._failed(error) from error

    def ask(self, timeout_s: float, question: Question = TO_ALL) -> Answers:
        """Send the question; see Pidbox. Raises: InspectError."""
        expected = self._expected if question.destination is None else len(question.destination)
        try:
            self._publish(question)
            if not self._is_returned:
                self._await(expected, timeout_s)
        except Exception as error:
            raise self._failed(error) from error
        if question.destination is None:
            self._expected = max(1, self._answered)
        return read_answers(self._inbox.take(question.method), listeners=0 if self._is_returned else None)

    def has_news(self) -> bool:
        """False: on RabbitMQ the queue watch sees workers come and go."""
        return False

    def close(self) -> None:
        """Close the connection, which also ends the queue."""
        if self._connection is not None:
            close(self._connection)
            self._connection = None

    def _listen(self) -> None:
        arguments = {"x-max-length": MAX_ANSWERS, "x-max-length-bytes": MAX_QUEUED_BYTES}
        self._channel.queue_declare(self._queue, exclusive=True, auto_delete=True, arguments=arguments)
        self._channel.basic_consume(self._queue, no_ack=True, exclusive=True, callback=self._take)
        self._channel.events["basic_return"].add(self._note_return)

    def _publish(self, question: Question) -> None:
        """Publish, and wait for RabbitMQ's confirm or refusal."""
        self._is_returned, self._answered, self._ticket = False, 0, question.new_ticket()
        message = amqp.Message(
            question.body(self._queue, self._ticket),
            content_type=CONTENT_TYPE,
            content_encoding="utf-8",
            delivery_mode=1,
        )
        self._channel.basic_publish_confirm(message, EXCHANGE, "", mandatory=True, confirm_timeout=self._timeout_s)

    def _await(self, expected: int, timeout_s: float) -> None:
        end_s = time.monotonic() + timeout_s
        while self._connection is not None and self._answered < expected:
            left_s = end_s - time.monotonic()
            if left_s <= 0:
                return
            try:
                self._connection.drain_events(timeout=left_s)
            except TimeoutError:
                return

    def _take(self, message: Any) -> None:
        ticket, body = (message.headers or {}).get("ticket"), message.body
        self._answered += ticket == self._ticket
        whole = body.encode() if isinstance(body, str) else bytes(body)
        self._inbox.put(Message(ticket, str(message.content_type), whole))

    def _note_return(self, *_: Any) -> None:
        """RabbitMQ returns the request: no queue is bound to the exchange, so no worker listens."""
        self._is_returned = True

    def _failed(self, error: Exception) -> InspectError:
        if self._connection is not None:
            drop(self._connection)
            self._connection = None
        if isinstance(error, amqp.NotFound):
            return InspectError("nobody_listens")
        return InspectError(inspect_reason(reason_of(error)))
