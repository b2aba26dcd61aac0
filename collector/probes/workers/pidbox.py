"""The requests to Celery's workers and their answers, in the wire form of kombu's remote control, "pidbox". [pure]

The request is `active_queues`, not `ping`: every worker on the broker answers a ping, this panel's own collector and
workers that stopped consuming included.

A worker answers where the request says. kombu's own inspect names the exchange `reply.celery.pidbox` and binds a queue
to it, which on Redis writes a key that the application's workers read at every answer. This request names the default
exchange, where the routing key is the queue's name, so nothing of the application's is bound or declared.

Source: kombu 4.6 to 5.7, pidbox.py, transport/virtual/base.py; celery 4.4 to 5.7, app/control.py, worker/control.py.
"""

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import uuid4

EXCHANGE = "celery.pidbox"
"""The broadcast exchange that every worker with remote control listens to."""

CONTENT_TYPE = "application/json"
"""Of the request, and the only one of an answer that is read: a pickle is never loaded."""


def new_reply_queue() -> str:
    """A unique name. All keys and queues of the panel on a watched broker share its prefix."""
    return f"zapvoice-monitor.replies.{uuid4().hex}"


class InspectError(Exception):
    """The workers could not be asked; `reason` is a reason code of the page."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def inspect_reason(reason: str) -> str:
    """The reason code of a failed request, from the broker connection's reason code."""
    return {"denied": "ask_denied", "refused": "ask_unreachable", "timeout": "ask_unreachable"}.get(
        reason, "ask_failed"
    )


@dataclass(frozen=True, kw_only=True)
class Answers:
    """The answers to one request."""

    queues: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By worker, the queues that it consumes."""
    unreadable: int = 0
    """Answers in another form than JSON."""
    listeners: int | None = None
    """Workers that got the request; None = unknown, but at least one."""

    @property
    def count(self) -> int:
        """All answers."""
        return len(self.queues) + self.unreadable


class Pidbox(Protocol):
    """Asks all workers over one connection to their broker."""

    def ask(self, timeout_s: float) -> Answers:
        """Send the request to all workers, and collect the answers that come within `timeout_s`.

        Raises: InspectError.
        """

    def has_news(self) -> bool:
        """Whether since the last request a late answer came, or a worker joined or left. Sends no request.

        Raises: InspectError.
        """

    def close(self) -> None:
        """Close the connection."""


def request_body(reply_queue: str, ticket: str) -> bytes:
    """The body of the request. An answer has the request's ticket among its headers."""
    body = {
        "method": "active_queues",
        "arguments": {},
        "destination": None,
        "pattern": None,
        "matcher": None,
        "ticket": ticket,
        "reply_to": {"exchange": "", "routing_key": reply_queue},
    }
    return json.dumps(body).encode()


def envelope(body: bytes) -> bytes:
    """The body as a message of kombu's virtual transports, such as Redis."""
    message = {
        "body": base64.b64encode(body).decode(),
        "content-encoding": "utf-8",
        "content-type": CONTENT_TYPE,
        "headers": {},
        "properties": {
            "body_encoding": "base64",
            "delivery_info": {"exchange": EXCHANGE, "routing_key": ""},
            "delivery_mode": 1,
            "delivery_tag": str(uuid4()),
            "priority": 0,
        },
    }
    return json.dumps(message).encode()


def open_envelope(message: bytes) -> tuple[str, bytes]:
    """Content type and body of such a message. Raises: ValueError when it is none."""
    try:
        fields = json.loads(message)
        text, properties = fields["body"], fields["properties"]
        is_packed = properties.get("body_encoding") == "base64"
        body = base64.b64decode(text) if is_packed else text.encode()
        return str(fields["content-type"]), body
    except (KeyError, TypeError, AttributeError, RecursionError, binascii.Error) as error:
        raise ValueError("no message of kombu's") from error


def read_answers(messages: Iterable[tuple[str, bytes]], *, listeners: int | None = None) -> Answers:
    """The answers in messages of content type and body; of a worker's several answers the last one counts."""
    queues: dict[str, frozenset[str]] = {}
    unreadable = 0
    for content_type, body in messages:
        try:
            queues.update(_read(content_type, body))
        except (ValueError, RecursionError):
            unreadable += 1
    return Answers(queues=queues, unreadable=unreadable, listeners=listeners)


def _read(content_type: str, body: bytes) -> Mapping[str, frozenset[str]]:
    if content_type != CONTENT_TYPE:
        raise ValueError(content_type)
    answer = json.loads(body)
    if not isinstance(answer, dict):
        raise ValueError("no answer")
    return {str(worker): _names(queues) for worker, queues in answer.items()}


def _names(answer: Any) -> frozenset[str]:
    """The queues in one worker's answer; none in `{"error": …}`."""
    queues = answer if isinstance(answer, list) else ()
    return frozenset(str(queue.get("name")) for queue in queues if isinstance(queue, dict))
