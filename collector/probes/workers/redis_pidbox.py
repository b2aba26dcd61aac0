"""Inspects the workers on a Redis, without kombu: the request is a PUBLISH, each answer an LPUSH to the reply queue.

The reply queue is a list of the panel's own. Its last element is an empty one, so that the list always exists and keeps
its time to live: an answer that comes after the panel has gone is deleted in the end.

PUBLISH returns how many workers got the request, so the wait ends with the last answer, and at once if none listens.
"""

import time
from typing import Any

import redis

from collector.probes.broker.broker_connection import reason_of
from collector.probes.broker.redis_connection import Command, RedisConnection
from collector.probes.workers.pidbox import (
    EXCHANGE,
    MAX_ANSWERS,
    TO_ALL,
    Answers,
    Inbox,
    InspectError,
    Message,
    Method,
    Question,
    envelope,
    inspect_reason,
    open_envelope,
    read_answers,
)
from settings.broker_options import BrokerOptions

REPLIES_LIVE_S = 600
"""How long unread answers are kept: twice the longest pause between two questions."""

FIRST_POLL_S, LONGEST_POLL_S = 0.005, 0.16
"""First and longest pause between two polls for answers; each doubles. An idle worker answers within 5 ms."""

_NO_ANSWER = b""


class RedisPidbox:
    """A pidbox over one connection. Not thread-safe."""

    def __init__(self, broker_url: str, options: BrokerOptions, reply_queue: str, *, timeout_s: float) -> None:
        """`reply_queue`: from `new_reply_queue`; the same after each reconnect.

        Raises: InspectError.
        """
        try:
            self._connection = RedisConnection(broker_url, timeout_s=timeout_s)
        except Exception as error:
            raise InspectError(_reason(error)) from error
        self._reply_queue = reply_queue
        self._inbox = Inbox()
        replies = _list_of(reply_queue, options)
        self._channel = options.channel(EXCHANGE, self._connection.database)
        self._prepare: list[Command] = [
            ("MULTI",),
            ("LRANGE", replies, 0, MAX_ANSWERS),
            ("DEL", replies),
            ("RPUSH", replies, _NO_ANSWER),
            ("EXPIRE", replies, REPLIES_LIVE_S),
        ]
        self._count: Command = ("LLEN", replies)
        self._bound: Command = ("SCARD", options.key(f"_kombu.binding.{EXCHANGE}"))
        self._collect: list[Command] = [
            ("MULTI",),
            ("LRANGE", replies, 0, MAX_ANSWERS),
            ("LTRIM", replies, -1, -1),
            self._bound,
            ("EXEC",),
        ]
        self._workers = 0
        """Workers bound after the last request, including those that died without unbinding."""

    def ask(self, timeout_s: float, question: Question = TO_ALL) -> Answers:
        """Send the question; see Pidbox. Raises: InspectError."""
        request: Command = ("PUBLISH", self._channel, envelope(question.body(self._reply_queue, question.new_ticket())))
        # One transaction: if Redis refuses one of its commands, as a read-only replica does, nothing is published.
        late, *_, listeners = self._send(*self._prepare, request, ("EXEC",))[-1]
        self._await(listeners if question.destination is None else len(question.destination), timeout_s)
        fresh, _, self._workers = self._send(*self._collect)[-1]
        for message in (*reversed(late), *reversed(fresh)):
            if message != _NO_ANSWER:
                self._inbox.put(_open(message))
        return read_answers(self._inbox.take(question.method), listeners=listeners)

    def has_news(self) -> bool:
        """Whether a late answer came, or the number of bound workers changed. Raises: InspectError."""
        return self._inbox.has(Method.QUEUES) or self._send(self._count, self._bound) != [1, self._workers]

    def close(self) -> None:
        """Close the connection. The list of answers stays until it expires: an answer may be on its way."""
        self._connection.close()

    def _await(self, expected: int, timeout_s: float) -> None:
        end_s, pause_s = time.monotonic() + timeout_s, FIRST_POLL_S
        while self._send(self._count)[0] <= expected:
            left_s = end_s - time.monotonic()
            if left_s <= 0:
                return
            time.sleep(min(pause_s, left_s))
            pause_s = min(2 * pause_s, LONGEST_POLL_S)

    def _send(self, *commands: Command) -> list[Any]:
        """The answers. Raises: InspectError, for the first refused command."""
        try:
            answers = self._connection.execute(self._connection.pack(commands), len(commands))
        except Exception as error:
            raise InspectError(_reason(error)) from error
        for answer in answers:
            if isinstance(answer, redis.ResponseError):
                raise InspectError(_reason(answer)) from answer
        return answers


def _reason(error: Exception) -> str:
    """The reason code of a failed request."""
    if isinstance(error, redis.exceptions.ReadOnlyError):
        return "ask_read_only"
    if isinstance(error, redis.ResponseError) and "unknown command" in str(error).lower():
        return "ask_unsupported"
    return inspect_reason(reason_of(error))


def _open(message: bytes) -> Message:
    try:
        return open_envelope(message)
    except ValueError:
        return Message(None, "", b"")


def _list_of(queue: str, options: BrokerOptions) -> str:
    """The list for messages of priority 0, which answers have: the first step's, or without a step 0 the last one's.

    Source: kombu 5.7.0 transport/redis.py, `Channel.priority`.
    """
    keys = options.queue_keys(queue)
    return keys[-1] if options.priority_steps[0] else keys[0]
