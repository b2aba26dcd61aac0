"""Hears events on RabbitMQ, through an exclusive queue of the panel's own.

The exchange is the application's: it is never declared here, only looked for. The queue ends with the connection, and
nothing can pile up in it: it drops what is older than 5 s and more than 10,000 messages. Those bounds hold for what
lies in the queue. So messages are acknowledged, some hundred at a time, and RabbitMQ sends a bounded number ahead.
"""

import ssl
import time
from typing import Any
from uuid import uuid4

import amqp

from collector.probes.broker.broker_connection import drop, open_amqp
from collector.probes.events.amqp_deliveries import DeliveryParser
from collector.probes.events.message import Message
from collector.probes.events.source import ROUTES, NoExchangeError

ARGUMENTS = {"x-message-ttl": 5_000, "x-expires": 60_000, "x-max-length": 10_000}

PREFETCH = 2_000
"""Most messages that RabbitMQ sends before it gets an acknowledgement."""

ACKNOWLEDGE_EVERY = 250
ACKNOWLEDGE_S = 15.0
"""So many messages, or so long after the first of them."""

READ_BYTES = 2**16
MOST_BYTES = 2**21
"""Most bytes of one `read`."""


class AmqpSource:
    """One connection. Not thread-safe."""

    def __init__(self, url: str, exchange: str, *, timeout_s: float) -> None:
        """Raises: NoExchangeError; what kombu and py-amqp raise."""
        self._timeout_s = timeout_s
        self._connection = open_amqp(url, timeout_s=timeout_s)
        self._parser = DeliveryParser()
        self._acknowledged = 0
        self._acknowledge_at_s: float | None = None
        try:
            self._amqp: Any = self._connection.connection
            self._channel: Any = self._amqp.channel()
            self._listen(exchange)
        except BaseException:
            self.drop()
            raise
        self._socket = self._amqp.transport.sock
        self._is_tls = isinstance(self._socket, ssl.SSLSocket)
        self._read_at_s = self._sent_at_s = time.monotonic()

    def read(self) -> list[Message]:
        """See `Source`."""
        messages: list[Message] = []
        read, now_s = 0, time.monotonic()
        while read < MOST_BYTES and (data := self._receive()):
            read += len(data)
            messages += self._parser.feed(data)
            if self._parser.last_tag - self._acknowledged >= ACKNOWLEDGE_EVERY:
                self._acknowledge()
            if len(data) < READ_BYTES and not self._is_tls:  # That was all. TLS hands out one record at a time.
                break
        if read:
            self._read_at_s = now_s
        self._stay_alive(now_s)
        return messages

    def drop(self) -> None:
        """See `Source`. It ends the queue as well."""
        drop(self._connection)

    def _listen(self, exchange: str) -> None:
        channel = self._channel
        try:
            channel.exchange_declare(exchange, "topic", passive=True)
        except amqp.NotFound as error:
            raise NoExchangeError(exchange) from error
        queue = f"zapvoice-monitor.events.{uuid4().hex}"
        channel.queue_declare(queue, exclusive=True, auto_delete=True, arguments=ARGUMENTS)
        for route in ROUTES:
            channel.queue_bind(queue, exchange, route)
        channel.basic_qos(0, PREFETCH, False)
        channel.basic_consume(queue, exclusive=True)

    def _receive(self) -> bytes:
        """What has come; nothing if nothing has. Raises: OSError when the connection is broken."""
        self._socket.settimeout(0)
        try:
            data: bytes = self._socket.recv(READ_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError):
            return b""
        finally:
            self._socket.settimeout(self._timeout_s)
        if not data:
            raise ConnectionResetError("RabbitMQ has closed the connection")
        return data

    def _acknowledge(self) -> None:
        self._channel.basic_ack(self._parser.last_tag, multiple=True)
        self._acknowledged, self._acknowledge_at_s = self._parser.last_tag, None
        self._sent_at_s = time.monotonic()

    def _stay_alive(self, now_s: float) -> None:
        """Acknowledge what is due, and send RabbitMQ a heartbeat. Raises: TimeoutError when it sends none itself."""
        if self._parser.last_tag > self._acknowledged:
            if self._acknowledge_at_s is None:
                self._acknowledge_at_s = now_s + ACKNOWLEDGE_S
            elif now_s >= self._acknowledge_at_s:
                self._acknowledge()
        interval_s = self._amqp.heartbeat
        if not interval_s:
            return
        if now_s - self._read_at_s > 2 * interval_s:
            raise TimeoutError("RabbitMQ sends no heartbeats")
        if now_s - self._sent_at_s > interval_s / 2:
            self._amqp.send_heartbeat()
            self._sent_at_s = now_s
