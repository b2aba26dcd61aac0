"""Messages with events, in the wire form of Celery's events: one event, or a list of them. [pure]

Only JSON is read: a pickle is never loaded. On Redis kombu wraps a message into an envelope, whose body is base64.

Source: celery 4.4 to 5.7, events/dispatcher.py; kombu 4.6 to 5.7, transport/virtual/base.py.
"""

import binascii
from typing import Any, NamedTuple

import orjson

_JSON = b"application/json"
_ENCODINGS = (b"utf-8", b"utf8", b"us-ascii", b"")

Event = dict[str, Any]


class Message(NamedTuple):
    """A message's body and what it is."""

    body: bytes | None = None
    """None: too long, or in no form that is known."""
    content_type: bytes = b""
    content_encoding: bytes = b""


def open_envelope(data: bytes) -> Message:
    """The message in kombu's envelope; one without a body when it is none."""
    try:
        fields = orjson.loads(data)
        body, properties = fields["body"], fields["properties"]
        is_packed = properties.get("body_encoding") == "base64"
        return Message(
            binascii.a2b_base64(body) if is_packed else body.encode(),
            fields["content-type"].encode(),
            (fields["content-encoding"] or "").encode(),
        )
    except (ValueError, LookupError, TypeError, AttributeError):  # `binascii.Error` is a ValueError.
        return Message()


def read_events(message: Message) -> list[Event] | None:
    """Its events; None when it cannot be read."""
    body, content_type, encoding = message
    if body is None or content_type != _JSON or encoding.lower() not in _ENCODINGS:
        return None
    try:
        read = orjson.loads(body)
    except ValueError:
        return None
    events = read if isinstance(read, list) else [read]
    return events if all(isinstance(event, dict) for event in events) else None
