"""Inspects the workers on a RabbitMQ: publishes to the exchange they all listen to, and reads a reply queue of its own.

The queue is exclusive to the connection, ends with it, and needs no binding: the default exchange delivers to it.
Nothing of the application's is declared. The exchange exists once a worker has started since the broker did. RabbitMQ
refuses and logs a request to a missing exchange, so requests then become rare.
"""

import time
from typing import Any
from uuid import uuid4

import amqp
from kombu.connection import Connection

from collector.probes.broker.broker_connection import close, drop, open_amqp, reason_of
from collector.probes.workers.pidbox import (
    CONTENT_TYPE,
    EXCHANGE,
    Answers,
    InspectError,
    inspect_reason,
    new_reply_queue,
    read_answers,
    request_body,
)

MAX_ANSWERS = 1000
"""Most answers that the queue holds: `x-max-length`."""


class AmqpPidbox:
    """A pidbox over one connection. Not thread-safe."""

    def __init__(self, broker_url: str, *, timeout_s: float) -> None:
        """Raises: InspectError."""
        self._timeout_s = timeout_s
        self._queue = new_reply_queue()  # A new one for each connection: the last one may still be locked.
        self._messages: list[tuple[str, bytes]] = []
        self._is_returned = False
        self._ticket = ""
        self._answered = 0
        """Answers to the last request; a late answer to an earlier one does not count."""
        self._expected = 1
        """Answers to wait for: as many as last time, since RabbitMQ does not tell how many workers it reaches."""
        self._connection: Connection | None = None
        try:
            self._connection = open_amqp(broker_url, timeout_s=timeout_s)
            self._channel: Any = self._connection.channel()
            self._listen()
        except Exception as error:
            raise self._failed(error) from error

    def ask(self, timeout_s: float) -> Answers:
        """Send the request. Late answers to the previous one count as well. Raises: InspectError."""
        try:
            self._publish()
            if not self._is_returned:
                self._await(timeout_s)
        except Exception as error:
            raise self._failed(error) from error
        messages, self._messages = self._messages, []
        answers = read_answers(messages, listeners=0 if self._is_returned else None)
        self._expected = max(1, self._answered)
        return answers

    def has_news(self) -> bool:
        """False: on RabbitMQ the queue watch sees workers come and go."""
        return False

    def close(self) -> None:
        """Close the connection, which also ends the queue."""
        if self._connection is not None:
            close(self._connection)
            self._connection = None

    def _listen(self) -> None:
        arguments = {"x-max-length": MAX_ANSWERS}
        self._channel.queue_declare(self._queue, exclusive=True, auto_delete=True, arguments=arguments)
        self._channel.basic_consume(self._queue, no_ack=True, exclusive=True, callback=self._take)
        self._channel.events["basic_return"].add(self._note_return)

    def _publish(self) -> None:
        """Publish, and wait for RabbitMQ's confirm or refusal."""
        self._is_returned, self._answered, self._ticket = False, 0, uuid4().hex
        message = amqp.Message(
            request_body(self._queue, self._ticket),
            content_type=CONTENT_TYPE,
            content_encoding="utf-8",
            delivery_mode=1,
        )
        self._channel.basic_publish_confirm(message, EXCHANGE, "", mandatory=True, confirm_timeout=self._timeout_s)

    def _await(self, timeout_s: float) -> None:
        end_s = time.monotonic() + timeout_s
        while self._connection is not None and self._answered < self._expected:
            left_s = end_s - time.monotonic()
            if left_s <= 0:
                return
            try:
                self._connection.drain_events(timeout=left_s)
            except TimeoutError:
                return

    def _take(self, message: Any) -> None:
        self._answered += (message.headers or {}).get("ticket") == self._ticket
        body = message.body
        self._messages.append((str(message.content_type), body.encode() if isinstance(body, str) else bytes(body)))

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
