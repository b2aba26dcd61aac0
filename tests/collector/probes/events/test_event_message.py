"""Which bodies are read as events, and which are not."""

import base64
import json
import pickle
from typing import Any

import pytest

from collector.probes.events.message import Message, open_envelope, read_events

JSON = b"application/json"


def envelope(**changes: Any) -> bytes:
    fields = {
        "body": base64.b64encode(b'{"type": "worker-heartbeat"}').decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {"hostname": "celery@one"},
        "properties": {"body_encoding": "base64", "delivery_mode": 1, "delivery_tag": "x"},
    }
    return json.dumps({name: value for name, value in (fields | changes).items() if value != "left out"}).encode()


def test_a_body_is_one_event_or_a_list_of_them():
    assert read_events(Message(b'{"type": "a"}', JSON, b"utf-8")) == [{"type": "a"}]
    assert read_events(Message(b'[{"type": "a"}, {"type": "b"}]', JSON, b"UTF-8")) == [{"type": "a"}, {"type": "b"}]


@pytest.mark.parametrize(
    "message",
    [
        Message(pickle.dumps({"type": "a"}), b"application/x-python-serialize", b"binary"),
        Message(b"type: a", b"application/x-yaml", b"utf-8"),
        Message(b'{"type": "a"}', JSON, b"utf-16"),
        Message(b'{"type": "a"', JSON, b"utf-8"),
        Message(b"\xff", JSON, b"utf-8"),
        Message(b"[" * 100_000, JSON, b"utf-8"),
        Message(b'["a"]', JSON, b"utf-8"),
        Message(b"7", JSON, b"utf-8"),
        Message(None, JSON, b"utf-8"),
        Message(),
    ],
)
def test_anything_else_is_not_read(message):
    assert read_events(message) is None


def test_kombus_envelope_on_redis_holds_the_message():
    assert open_envelope(envelope()) == Message(b'{"type": "worker-heartbeat"}', JSON, b"utf-8")
    assert open_envelope(envelope(body="{}", properties={})) == Message(b"{}", JSON, b"utf-8")
    assert open_envelope(envelope(**{"content-encoding": None})).content_encoding == b""


@pytest.mark.parametrize(
    "data",
    [
        b"no JSON",
        b"[]",
        b"null",
        envelope(body="left out"),
        envelope(body=7),
        envelope(body="###"),
        envelope(properties=[]),
        envelope(**{"content-type": None}),
        envelope(body="\ud800", properties={}),
    ],
)
def test_what_is_no_envelope_holds_nothing_that_is_read(data):
    assert read_events(open_envelope(data)) is None
