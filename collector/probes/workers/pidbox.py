"""What is put to Celery's workers, and what they answer: the wire form of kombu's remote control. [pure]

The question is `active_queues` rather than `ping`: a ping is answered by every worker of the broker, this panel's own
collector among them, and by one that has stopped consuming.

A worker sends its answer where the question says. Kombu's own askers name the exchange `reply.celery.pidbox` and bind a
queue to it, which on Redis writes a key that the application's workers read at every answer. This question names the
default exchange, where a routing key is a queue's name: nothing of the application's has to be bound or declared.

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
"""The question's form, and the only one in which an answer is read: a pickle is never loaded."""


def new_reply_queue() -> str:
    """A name that no other panel has. Every key and queue of the panel's own on a watched broker begins alike."""
    return f"zapvoice-monitor.replies.{uuid4().hex}"


class InspectError(Exception):
    """The workers could not be asked; `reason` is the code that the page has words for."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def inspect_reason(reason: str) -> str:
    """The page's code for a question that the broker's connection has ended, by the connection's reason code."""
    return {"denied": "ask_denied", "refused": "ask_unreachable", "timeout": "ask_unreachable"}.get(
        reason, "ask_failed"
    )


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What one question brought."""

    queues: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Worker by worker, the queues that it consumes."""
    unreadable: int = 0
    """Answers in another form than JSON."""
    listeners: int | None = None
    """To how many the question was delivered; None = the broker does not tell, and there was somebody."""

    @property
    def count(self) -> int:
        """How many have answered."""
        return len(self.queues) + self.unreadable


class Pidbox(Protocol):
    """The way to the workers over one connection to their broker."""

    def ask(self, timeout_s: float) -> Answers:
        """Put the question to everybody, and take the answers that come within `timeout_s`.

        Raises: InspectError.
        """

    def has_news(self) -> bool:
        """Whether, since the last question, an answer has come late or a worker has joined or left.

        Asks nobody. Raises: InspectError.
        """

    def close(self) -> None:
        """Give the connection up."""


def request_body(reply_queue: str, ticket: str) -> bytes:
    """The body of the message that is put to everybody. An answer has the question's ticket among its headers."""
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
    """The body as a message of kombu's transports that have no messages of their own, such as Redis."""
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
    """Content type and body. Raises: ValueError when it is no such message."""
    try:
        fields = json.loads(message)
        text, properties = fields["body"], fields["properties"]
        is_packed = properties.get("body_encoding") == "base64"
        body = base64.b64decode(text) if is_packed else text.encode()
        return str(fields["content-type"]), body
    except (KeyError, TypeError, AttributeError, RecursionError, binascii.Error) as error:
        raise ValueError("no message of kombu's") from error


def read_answers(messages: Iterable[tuple[str, bytes]], *, listeners: int | None = None) -> Answers:
    """Put together what came: content type and body of each message, the newest answer of a worker last."""
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
    return {str(worker): _names(told) for worker, told in answer.items()}


def _names(told: Any) -> frozenset[str]:
    """The queues in one worker's answer; none in `{"error": …}`, which is what one that cannot tell sends."""
    queues = told if isinstance(told, list) else ()
    return frozenset(str(queue.get("name")) for queue in queues if isinstance(queue, dict))
