"""Deliveries as RabbitMQ spells them, cut anywhere."""

import struct

import pytest

from collector.probes.events.amqp_deliveries import LONGEST_BODY, DeliveryParser, StreamError
from collector.probes.events.message import Message

JSON = b"application/json"
HEARTBEAT = b"\x08\0\0\0\0\0\0\xce"


def frame(kind: int, payload: bytes, channel: int = 1) -> bytes:
    return struct.pack(">BHI", kind, channel, len(payload)) + payload + b"\xce"


def short(text: bytes) -> bytes:
    return bytes([len(text)]) + text


def method(class_id: int, method_id: int, arguments: bytes = b"") -> bytes:
    return frame(1, struct.pack(">HH", class_id, method_id) + arguments)


def header(size: int, *, kind: bytes = JSON, encoding: bytes | None = b"utf-8") -> bytes:
    flags = 0x8000 | (0x4000 if encoding is not None else 0) | 0x1000
    texts = short(kind) + (short(encoding) if encoding is not None else b"")
    return frame(2, struct.pack(">HHQH", 60, 0, size, flags) + texts + b"\x01")  # The last: delivery mode 1.


def deliver(tag: int) -> bytes:
    return method(60, 60, short(b"consumer") + struct.pack(">QB", tag, 0) + short(b"celeryev") + short(b"task.multi"))


def delivery(tag: int, *pieces: bytes, **properties: bytes) -> bytes:
    return deliver(tag) + header(sum(map(len, pieces)), **properties) + b"".join(frame(3, each) for each in pieces)


def test_messages_come_whole_wherever_the_bytes_are_cut():
    stream = (
        HEARTBEAT + delivery(1, b"[1]") + delivery(2, b"[2,", b"3]") + HEARTBEAT + delivery(3) + delivery(4, b"[4]")
    )
    wanted = [Message(body, JSON, b"utf-8") for body in (b"[1]", b"[2,3]", b"", b"[4]")]

    for size in (1, 2, 7, 50, len(stream)):
        parser = DeliveryParser()
        pieces = [stream[at : at + size] for at in range(0, len(stream), size)]

        assert [message for piece in pieces for message in parser.feed(piece)] == wanted
        assert parser.last_tag == 4


def test_a_message_is_acknowledged_only_when_it_has_come_whole():
    parser = DeliveryParser()
    parser.feed(delivery(1, b"[1]") + deliver(2) + header(3))

    assert parser.last_tag == 1


def test_a_message_says_what_it_is():
    assert DeliveryParser().feed(delivery(1, b"x", kind=b"application/x-python-serialize", encoding=None)) == [
        Message(b"x", b"application/x-python-serialize", b"")
    ]


def test_a_body_that_is_too_long_is_passed_over_and_the_next_message_is_read():
    parser = DeliveryParser()
    piece = b"x" * 2**17
    parser.feed(deliver(1) + header(LONGEST_BODY + len(piece)))
    messages = [message for _ in range(LONGEST_BODY // len(piece) + 1) for message in parser.feed(frame(3, piece))]

    assert messages == [Message(None, JSON, b"utf-8")]
    assert parser.feed(delivery(2, b"[2]")) == [Message(b"[2]", JSON, b"utf-8")]


def test_that_publishers_are_blocked_does_not_end_the_deliveries():
    assert DeliveryParser().feed(method(10, 60, short(b"memory")) + method(10, 61) + delivery(1, b"1"))


@pytest.mark.parametrize(
    "stream",
    [
        method(60, 30, short(b"consumer") + b"\0"),
        method(20, 40, b"\x01\x90" + short(b"bye") + b"\0\0\0\0"),
        method(10, 50, b"\x01\x40" + short(b"CONNECTION_FORCED") + b"\0\0\0\0"),
        b"AMQP\0\0\x09\x01" * 4,
        frame(1, b"\0"),
        frame(2, b"\0\x3c\0"),
        frame(1, struct.pack(">HH", 60, 60)),
        frame(9, b""),
        deliver(1) + header(1) + frame(3, b"more than one"),
        b"HTTP/1.1 400 Bad Request\r\n\r\n" * 10,
    ],
)
def test_whatever_else_comes_ends_the_connection(stream):
    with pytest.raises(StreamError):
        DeliveryParser().feed(stream)
