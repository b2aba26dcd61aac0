"""Reads deliveries out of the bytes that RabbitMQ sends. [pure]

py-amqp takes 38 µs for a message, and thousands come a second; an event costs the panel 8 µs altogether.

Source: AMQP 0-9-1, 4.2.3 "General frame format", 1.8.3.13 "basic.deliver", 4.2.6 "Content framing".
"""

import struct

from collector.probes.events.message import Message

_METHOD, _HEADER, _BODY, _HEARTBEAT, _END = 1, 2, 3, 8, 0xCE
_DELIVER = 60, 60
_PASSED_OVER = {(10, 60), (10, 61)}
"""connection.blocked and unblocked: they concern publishers."""

_FRAME = struct.Struct(">BHI")
_IDS = struct.Struct(">HH")
_CONTENT = struct.Struct(">HHQH")
"""Class, weight, size of the body, which properties there are."""
_HAS_TYPE, _HAS_ENCODING = 0x8000, 0x4000

LONGEST_FRAME = 2**21
LONGEST_BODY = 2**20
"""A longer body is passed over: no event needs so much."""


class StreamError(ConnectionError):
    """The server ended the deliveries, or sent what is no AMQP."""


class DeliveryParser:
    """Takes bytes as they come, cut anywhere."""

    def __init__(self) -> None:
        self.last_tag = 0
        """The tag of the last whole delivery."""
        self._rest = b""
        self._tag = 0
        self._message = Message()
        self._missing = 0
        """Bytes of the body that have yet to come."""
        self._chunks: list[bytes] = []

    def feed(self, data: bytes) -> list[Message]:
        """The messages that these bytes complete. Raises: StreamError."""
        data = self._rest + data if self._rest else data
        messages: list[Message] = []
        at, end = 0, len(data)
        while end - at >= _FRAME.size:
            kind, _, size = _FRAME.unpack_from(data, at)
            if size > LONGEST_FRAME:
                raise StreamError(f"a frame of {size} bytes")
            start, stop = at + _FRAME.size, at + _FRAME.size + size
            if stop >= end:
                break
            if data[stop] != _END:
                raise StreamError("no AMQP")
            if kind == _BODY:
                self._take_body(data, start, stop, messages)
            elif kind == _METHOD:
                self._take_method(data, start, stop)
            elif kind == _HEADER:
                self._take_header(data, start, stop, messages)
            elif kind != _HEARTBEAT:
                raise StreamError(f"a frame of kind {kind}")
            at = stop + 1
        self._rest = data[at:]
        return messages

    def _take_method(self, data: bytes, start: int, stop: int) -> None:
        try:
            method = _IDS.unpack_from(data, start)
            if method != _DELIVER:
                if method in _PASSED_OVER:
                    return
                raise StreamError(f"method {method[0]}.{method[1]}")
            tag_at = start + 5 + data[start + 4]  # Behind the consumer's tag.
        except (struct.error, IndexError) as error:
            raise StreamError("no AMQP") from error
        if tag_at + 8 > stop:
            raise StreamError("no AMQP")
        self._tag = int.from_bytes(data[tag_at : tag_at + 8])

    def _take_header(self, data: bytes, start: int, stop: int, messages: list[Message]) -> None:
        try:
            _, _, self._missing, flags = _CONTENT.unpack_from(data, start)
            at, kind, encoding = start + _CONTENT.size, b"", b""
            if flags & _HAS_TYPE:
                kind, at = _short_string(data, at)
            if flags & _HAS_ENCODING:
                encoding, at = _short_string(data, at)
        except (struct.error, IndexError) as error:
            raise StreamError("no AMQP") from error
        is_too_long = self._missing > LONGEST_BODY
        self._message = Message(None if is_too_long else b"", kind, encoding)
        if not self._missing:
            self._complete(b"", messages)

    def _take_body(self, data: bytes, start: int, stop: int, messages: list[Message]) -> None:
        self._missing -= stop - start
        if self._missing < 0:
            raise StreamError("a body longer than announced")
        is_wanted = self._message.body is not None
        if not self._missing and not self._chunks:
            self._complete(data[start:stop] if is_wanted else None, messages)
            return
        if is_wanted:
            self._chunks.append(data[start:stop])
        if not self._missing:
            self._complete(b"".join(self._chunks) if is_wanted else None, messages)

    def _complete(self, body: bytes | None, messages: list[Message]) -> None:
        messages.append(self._message._replace(body=body))
        self._chunks = []
        self.last_tag = self._tag


def _short_string(data: bytes, at: int) -> tuple[bytes, int]:
    stop = at + 1 + data[at]
    return data[at + 1 : stop], stop
