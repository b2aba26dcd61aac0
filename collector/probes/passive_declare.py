"""RabbitMQ's count of one queue, asked in one system call and read in two: it is asked four times a second.

py-amqp builds every question anew and reads every answer in three parts. It keeps the connection and the channel all
the same: an answer other than the one expected goes to its buffer, as if nobody had read it, and is left to it whole: a
heartbeat, a refusal, half a frame.

Source: AMQP 0-9-1, 4.2.3 "General frame format", 1.7.2.1 "queue.declare"; py-amqp 5.4.2 transport.py, TCPTransport.
"""

import os
import struct
from functools import lru_cache
from typing import Any

_METHOD, _END = 1, 0xCE
_QUEUE, _DECLARE, _DECLARE_OK = 50, 10, 11
_PASSIVE = 1


def ask(transport: Any, channel_id: int, name: str) -> tuple[int, int] | None:
    """Messages ready and consumers; None when what came first is not that answer: py-amqp's to read, then.

    `transport`: py-amqp's `TCPTransport`; TLS is read by py-amqp alone. Raises: OSError, a TimeoutError among them.
    """
    question, head = _question_and_head(channel_id, name)
    _send(transport.sock, question)
    if transport._read_buffer:
        return None
    size = len(head) + 9
    seen = transport.sock.recv(size)
    if len(seen) != size or not seen.startswith(head) or seen[-1] != _END:
        transport._read_buffer = seen
        return None
    ready, consumers = struct.unpack_from(">II", seen, len(head))
    return ready, consumers


@lru_cache(maxsize=256)
def _question_and_head(channel_id: int, name: str) -> tuple[bytes, bytes]:
    """The question, and what its answer begins with: all but the two numbers and the frame's end."""
    text = name.encode()
    short_string = bytes([len(text)]) + text
    question = struct.pack(">HHH", _QUEUE, _DECLARE, 0) + short_string + _FLAGS
    head = struct.pack(">BHIHH", _METHOD, channel_id, len(short_string) + 12, _QUEUE, _DECLARE_OK) + short_string
    return struct.pack(">BHI", _METHOD, channel_id, len(question)) + question + bytes([_END]), head


_FLAGS = struct.pack(">BI", _PASSIVE, 0)
"""Passive, none of the other flags, no arguments."""


def _send(transport_socket: Any, data: bytes) -> None:
    """A socket with a time-out is polled before each sending; there is room for a question as a rule."""
    try:
        sent = os.write(transport_socket.fileno(), data)
    except BlockingIOError:
        sent = 0
    if sent < len(data):
        transport_socket.sendall(data[sent:])
