"""The bytes of one server-sent event, and nothing else. [pure]

Source: WHATWG HTML, section 9.2 "Server-sent events".
"""

import json
from typing import Any

from flask_sse import Message


class Event(Message):
    """flask-sse's message, made safe for untrusted text.

    As shipped, a line break in `type` or `id` forges fields, `id=0` and `retry=0` are dropped, an empty message has no
    `data:` line and is never dispatched, and U+2028 splits a line that the specification keeps whole.
    """

    def encode(self) -> bytes:
        """The event as UTF-8 bytes, including the empty line that ends it.

        Raises: ValueError when `type` or `id` holds a line break or NUL.
        """
        lines = []
        if self.type is not None:
            lines.append(f"event: {_one_line(self.type)}")
        if self.id is not None:
            lines.append(f"id: {_one_line(str(self.id))}")
        if self.retry is not None:
            lines.append(f"retry: {int(self.retry)}")
        text = self.data if isinstance(self.data, str) else _json(self.data)
        lines += [f"data: {line}" for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
        return ("\n".join(lines) + "\n\n").encode()

    def __str__(self) -> str:
        return self.encode().decode()

    __hash__ = None  # type: ignore[assignment]  # mutable, and compared by value


def comment(text: str = "") -> bytes:
    """A line that clients ignore and that proxies see as traffic."""
    return f": {_one_line(text)}\n\n".encode()


def retry(milliseconds: int) -> bytes:
    """How long the client waits before it reconnects by itself (ms)."""
    return f"retry: {int(milliseconds)}\n\n".encode()


LAST_CHUNK = b"0\r\n\r\n"
"""Ends a chunked body."""


def chunk(data: bytes) -> bytes:
    """Bytes as one chunk of HTTP/1.1's chunked transfer coding (RFC 9112, section 7.1)."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def _one_line(text: str) -> str:
    if any(character in text for character in "\r\n\0"):
        raise ValueError("a line break or NUL in a field of a server-sent event")
    return text


def _json(data: Any) -> str:
    return json.dumps(data, separators=(",", ":"))
