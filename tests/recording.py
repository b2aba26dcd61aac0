"""A TCP link that writes down what goes to the service, and reads it as Redis commands or AMQP methods.

Unlike MONITOR it also has what the service refuses, and the log-in.
"""

import socket
import struct
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from tests.toxics import Address, Link

REQUEST_METHODS = {
    (10, 11): "connection.start-ok", (10, 31): "connection.tune-ok", (10, 40): "connection.open",
    (10, 50): "connection.close", (10, 51): "connection.close-ok",
    (20, 10): "channel.open", (20, 40): "channel.close", (20, 41): "channel.close-ok",
    (40, 10): "exchange.declare", (50, 10): "queue.declare", (50, 20): "queue.bind",
    (60, 10): "basic.qos", (60, 20): "basic.consume", (60, 40): "basic.publish", (60, 80): "basic.ack",
    (85, 10): "confirm.select",
}  # fmt: skip
"""AMQP's class and method numbers; any other is told by its numbers. Source: AMQP 0-9-1 and RabbitMQ's extensions."""

_PROTOCOL_HEADER_BYTES = 8
_PASSIVE, _EXCLUSIVE = 1, 4
_NAMED = ("exchange.declare", "queue.declare", "queue.bind", "basic.consume", "basic.publish")
"""Methods that are told with the name that they are about."""


class RecordingLink(Link):
    """A link whose requests can be read."""

    def __init__(self, upstream: Address) -> None:
        self._requests: dict[socket.socket, bytearray] = defaultdict(bytearray)
        """By the socket to the service, which is kept, so that no two are taken for one."""
        super().__init__(upstream)

    def _send(self, wire: Any, sink: socket.socket, chunk: bytes) -> None:
        if sink is wire.ends[1]:
            self._requests[sink] += chunk
        super()._send(wire, sink, chunk)

    def streams(self) -> list[bytes]:
        """What each connection has sent."""
        return [bytes(stream) for stream in self._requests.values()]


def redis_commands(stream: bytes) -> Iterator[list[bytes]]:
    """The commands of one connection; one that was cut off at the end is left out. Source: RESP."""
    at = 0
    while stream[at : at + 1] == b"*":
        count, at = _number(stream, at)
        parts = []
        for _ in range(count):
            size, at = _number(stream, at)
            parts.append(stream[at : at + size])
            at += size + 2
        if at > len(stream):
            return
        yield parts


def _number(stream: bytes, at: int) -> tuple[int, int]:
    end = stream.find(b"\r\n", at)
    return (int(stream[at + 1 : end]), end + 2) if end >= 0 else (0, len(stream) + 1)


def amqp_methods(stream: bytes) -> Iterator[str]:
    """The methods of one connection, each with what it is about, such as `queue.declare passive dispatch`."""
    at = _PROTOCOL_HEADER_BYTES
    while at + 7 <= len(stream):
        kind, _, size = struct.unpack_from(">BHI", stream, at)
        payload = stream[at + 7 : at + 7 + size]
        at += 7 + size + 1
        if kind == 1 and len(payload) == size:
            yield _told(*struct.unpack_from(">HH", payload), payload[4:])


def _told(class_id: int, method_id: int, arguments: bytes) -> str:
    name = REQUEST_METHODS.get((class_id, method_id), f"{class_id}.{method_id}")
    if name not in _NAMED:
        return name
    about, rest = _short_string(arguments[2:])
    if not name.endswith(".declare"):
        return f"{name} {about}"
    if name == "exchange.declare":
        _, rest = _short_string(rest)
    how = "passive" if rest[0] & _PASSIVE else "exclusive" if rest[0] & _EXCLUSIVE else "shared"
    return f"{name} {how} {about}"


def _short_string(data: bytes) -> tuple[str, bytes]:
    return data[1 : 1 + data[0]].decode(), data[1 + data[0] :]
