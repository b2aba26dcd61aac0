"""The questions to Celery's workers and their answers, in the wire form of kombu's remote control, "pidbox". [pure]

The question to all workers is `active_queues`, not `ping`: every worker on the broker answers a ping, this panel's own
collector and workers that stopped consuming included. Further questions go to named workers.

A worker answers where the request says. kombu's own inspect names the exchange `reply.celery.pidbox` and binds a queue
to it, which on Redis writes a key that the application's workers read at every answer. This request names the default
exchange, where the routing key is the queue's name, so nothing of the application's is bound or declared.

Source: kombu 4.6 to 5.7, pidbox.py, transport/virtual/base.py; celery 4.4 to 5.7, app/control.py, worker/control.py.
"""

import base64
import binascii
import json
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol
from uuid import uuid4

EXCHANGE = "celery.pidbox"
"""The broadcast exchange that every worker with remote control listens to."""

CONTENT_TYPE = "application/json"
"""Of the request, and the only one of an answer that is read: a pickle is never loaded."""

MAX_ANSWERS = 1000
"""Most answers read at once, and most that are kept."""

MAX_ANSWER_BYTES = 256 * 1024
"""A longer answer is not read: a worker with a thousand task names writes some 60 kB."""


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


class Method(StrEnum):
    """What the workers are asked; all three only read."""

    QUEUES = "active_queues"
    STATS = "stats"
    ACTIVE = "active"


@dataclass(frozen=True)
class Question:
    """One question. `destination`: the workers it is for; None = all of them."""

    method: Method
    destination: tuple[str, ...] | None = None

    def body(self, reply_queue: str, ticket: str) -> bytes:
        """The body of the request. An answer has the ticket among its headers."""
        body = {
            "method": self.method,
            # Celery knows `safe` since 5.2: the answer then has what the sender wrote of the arguments, not these.
            "arguments": {"safe": True} if self.method is Method.ACTIVE else {},
            "destination": self.destination,
            "pattern": None,
            "matcher": None,
            "ticket": ticket,
            "reply_to": {"exchange": "", "routing_key": reply_queue},
        }
        return json.dumps(body).encode()

    def new_ticket(self) -> str:
        """A unique ticket, which tells what was asked."""
        return f"{self.method}.{uuid4().hex}"


TO_ALL = Question(Method.QUEUES)


@dataclass(frozen=True)
class Message:
    """An answer as it came. Nobody has checked any of it."""

    ticket: Any
    content_type: str
    body: bytes

    @property
    def method(self) -> Method:
        """What it answers; an answer without a ticket of ours counts as one to `TO_ALL`."""
        name = self.ticket.partition(".")[0] if isinstance(self.ticket, str) else ""
        return next((method for method in Method if method == name), Method.QUEUES)


class Inbox:
    """Answers by the method that they answer, until somebody reads them: a late one may come beside others."""

    def __init__(self) -> None:
        self._messages: dict[Method, deque[Message]] = {method: deque(maxlen=MAX_ANSWERS) for method in Method}

    def put(self, message: Message) -> None:
        """Keep an answer."""
        self._messages[message.method].append(message)

    def has(self, method: Method) -> bool:
        """Whether one to this method is there."""
        return bool(self._messages[method])

    def take(self, method: Method) -> list[Message]:
        """Those to this method, the oldest first; they are gone then."""
        messages = list(self._messages[method])
        self._messages[method].clear()
        return messages


@dataclass(frozen=True, kw_only=True)
class Answers:
    """The answers to one question."""

    said: Mapping[str, Any] = field(default_factory=dict)
    """By worker, its answer. Nobody has checked it."""
    unreadable: int = 0
    """Answers that are not JSON, or too long."""
    listeners: int | None = None
    """Workers that got the request; None = unknown, but at least one."""

    @property
    def queues(self) -> Mapping[str, frozenset[str]]:
        """By worker, the queues that it says it consumes, where that was the question."""
        return {worker: _names(answer) for worker, answer in self.said.items()}

    @property
    def count(self) -> int:
        """All answers."""
        return len(self.said) + self.unreadable


class Pidbox(Protocol):
    """Asks workers over one connection to their broker."""

    def ask(self, timeout_s: float, question: Question = TO_ALL) -> Answers:
        """Send the question, and collect the answers that come within `timeout_s`.

        Late answers to the previous question of the same method count as well. Raises: InspectError.
        """

    def has_news(self) -> bool:
        """Whether since the last request a late answer came, or a worker joined or left. Sends no request.

        Raises: InspectError.
        """

    def close(self) -> None:
        """Close the connection."""


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


def open_envelope(message: bytes) -> Message:
    """The answer in such a message. Raises: ValueError when it is none."""
    try:
        fields = json.loads(message)
        text, properties = fields["body"], fields["properties"]
        is_packed = properties.get("body_encoding") == "base64"
        body = base64.b64decode(text) if is_packed else text.encode()
        return Message((fields.get("headers") or {}).get("ticket"), str(fields["content-type"]), body)
    except (KeyError, TypeError, AttributeError, RecursionError, binascii.Error) as error:
        raise ValueError("no message of kombu's") from error


def read_answers(messages: Iterable[Message], *, listeners: int | None = None) -> Answers:
    """What the messages say; of a worker's several answers the last one counts."""
    said: dict[str, Any] = {}
    unreadable = 0
    for message in messages:
        try:
            said.update(_read(message))
        except (ValueError, RecursionError):
            unreadable += 1
    return Answers(said=said, unreadable=unreadable, listeners=listeners)


def _read(message: Message) -> Mapping[str, Any]:
    if message.content_type != CONTENT_TYPE or len(message.body) > MAX_ANSWER_BYTES:
        raise ValueError(message.content_type)
    answer = json.loads(message.body)
    if not isinstance(answer, dict):
        raise ValueError("no answer")
    return answer


def _names(answer: Any) -> frozenset[str]:
    """The queues in one worker's answer; none in `{"error": …}`."""
    queues = answer if isinstance(answer, list) else ()
    return frozenset(str(queue.get("name")) for queue in queues if isinstance(queue, dict))
