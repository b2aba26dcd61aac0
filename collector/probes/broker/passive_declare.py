"""Asks RabbitMQ for one queue's counts with one write and one read, because this happens four times a second.

py-amqp builds each method anew and reads each answer in three parts. It still owns the connection and the channel: any
other answer (a heartbeat, a refusal, half a frame) is put into its buffer unread, for it to handle.

Source: AMQP 0-9-1, 4.2.3 "General frame format", 1.7.2.1 "queue.declare"; py-amqp 5.4.2 transport.py, TCPTransport.
"""

import os
import struct
from typing import Any

_METHOD, _END = 1, b"\xce"
_QUEUE, _DECLARE, _DECLARE_OK = 50, 10, 11

Counts = tuple[int, int]
"""Ready messages, consumers."""


class PassiveDeclare:
    """The passive `queue.declare` of one queue on one channel, sent again and again.

    On a core that has slept for 250 ms every executed line costs several times as much. So an answer that repeats the
    previous one, as most do, is recognised by its bytes alone.
    """

    def __init__(self, transport: Any, channel_id: int, name: str) -> None:
        """`transport`: py-amqp's `TCPTransport`, without TLS."""
        text = name.encode()
        short_string = bytes([len(text)]) + text
        arguments = struct.pack(">HHH", _QUEUE, _DECLARE, 0) + short_string + _FLAGS
        head = struct.pack(">HH", _QUEUE, _DECLARE_OK) + short_string
        self._transport = transport
        self._frame = struct.pack(">BHI", _METHOD, channel_id, len(arguments)) + arguments + _END
        self._head = struct.pack(">BHI", _METHOD, channel_id, len(head) + 8) + head
        """The answer up to its two numbers and the frame's end."""
        self._size = len(self._head) + 9
        self._answer: bytes | None = None
        self._counted = 0, 0

    def ask(self) -> Counts | None:
        """The counts, the same object while they are unchanged; None if another frame came first, for py-amqp to read.

        Raises: OSError, a TimeoutError among them.
        """
        transport = self._transport
        connection = transport.sock
        try:
            # Not `send`: a socket with a timeout polls before each, and the buffer nearly always has room.
            sent = os.write(connection.fileno(), self._frame)
        except BlockingIOError:
            sent = 0
        if sent < len(self._frame):
            connection.sendall(self._frame[sent:])
        if transport._read_buffer:
            return None
        answer = connection.recv(self._size)
        if answer != self._answer:
            if len(answer) != self._size or not answer.startswith(self._head) or answer[-1:] != _END:
                transport._read_buffer = answer
                return None
            self._answer, self._counted = answer, struct.unpack_from(">II", answer, len(self._head))
        return self._counted


_FLAGS = struct.pack(">BI", 1, 0)
"""Passive, none of the other flags, no arguments."""
