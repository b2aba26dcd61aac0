"""Asks the workers on a RabbitMQ: a message to the exchange that all of them listen to, answered to a queue of our own.

The queue is exclusive to the connection, ends with it, and needs no binding: the default exchange delivers to it.
Nothing of the application's is declared. The exchange is there as long as a worker has once started since the broker
did; a question to one that is not there is refused, which RabbitMQ logs, and so it is put seldom then.
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
"""Answers that the queue holds at most: `x-max-length`."""


class AmqpPidbox:
    """The way to the workers over one connection. Not thread-safe."""

    def __init__(self, broker_url: str, *, timeout_s: float) -> None:
        """Raises: InspectError."""
        self._timeout_s = timeout_s
        self._queue = new_reply_queue()  # Of its own for each connection: the last one's may still be locked.
        self._came: list[tuple[str, bytes]] = []
        self._is_returned = False
        self._ticket = ""
        self._answered = 0
        """How many of those that came are answers to the last question: a late one ends no waiting."""
        self._expected = 1
        """Answers that are waited for: as many as came last time. RabbitMQ does not tell how many it asks."""
        self._connection: Connection | None = None
        try:
            self._connection = open_amqp(broker_url, timeout_s=timeout_s)
            self._channel: Any = self._connection.channel()
            self._listen()
        except Exception as error:
            raise self._failed(error) from error

    def ask(self, timeout_s: float) -> Answers:
        """Put the question; an answer that has come late since the one before counts, too. Raises: InspectError."""
        try:
            self._put()
            if not self._is_returned:
                self._await(timeout_s)
        except Exception as error:
            raise self._failed(error) from error
        came, self._came = self._came, []
        answers = read_answers(came, listeners=0 if self._is_returned else None)
        self._expected = max(1, self._answered)
        return answers

    def has_news(self) -> bool:
        """False: what RabbitMQ knows of the workers, it tells the queue watch."""
        return False

    def close(self) -> None:
        """Close the connection, and with it the queue."""
        if self._connection is not None:
            close(self._connection)
            self._connection = None

    def _listen(self) -> None:
        arguments = {"x-max-length": MAX_ANSWERS}
        self._channel.queue_declare(self._queue, exclusive=True, auto_delete=True, arguments=arguments)
        self._channel.basic_consume(self._queue, no_ack=True, exclusive=True, callback=self._take)
        self._channel.events["basic_return"].add(self._note_return)

    def _put(self) -> None:
        """Publish and wait for RabbitMQ's word, which a refusal would take the place of."""
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
        self._came.append((str(message.content_type), body.encode() if isinstance(body, str) else bytes(body)))

    def _note_return(self, *_: Any) -> None:
        """RabbitMQ gives the question back: no queue is bound to the exchange, so no worker listens."""
        self._is_returned = True

    def _failed(self, error: Exception) -> InspectError:
        if self._connection is not None:
            drop(self._connection)
            self._connection = None
        if isinstance(error, amqp.NotFound):
            return InspectError("nobody_listens")
        return InspectError(inspect_reason(reason_of(error)))
