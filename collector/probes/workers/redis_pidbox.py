"""Inspects the workers on a Redis, without kombu: the request is a PUBLISH, each answer an LPUSH to the reply queue.

The reply queue is a list of the panel's own. Its last element is an empty one, so that the list always exists and keeps
its time to live: an answer that comes after the panel has gone is deleted in the end.

PUBLISH returns how many workers got the request, so the wait ends with the last answer, and at once if none listens.
"""

import time
from typing import Any
from uuid import uuid4

import redis

from collector.probes.broker.broker_connection import reason_of
from collector.probes.broker.redis_connection import Command, RedisConnection
from collector.probes.workers.pidbox import (
    EXCHANGE,
    Answers,
    InspectError,
    envelope,
    inspect_reason,
    open_envelope,
    read_answers,
    request_body,
)
from settings.broker_options import BrokerOptions

REPLIES_LIVE_S = 3600
"""How long unread answers are kept."""

MAX_ANSWERS = 1000
"""Most answers read at once."""

FIRST_POLL_S, LONGEST_POLL_S = 0.005, 0.16
"""First and longest pause between two polls for answers; each doubles. An idle worker answers within 5 ms."""

_NO_ANSWER = ""


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
        replies = _list_of(reply_queue, options)
        channel = options.key(_fanout_prefix(options, self._connection.database) + EXCHANGE)
        self._request: list[Command] = [
            ("MULTI",),
            ("LRANGE", replies, 0, MAX_ANSWERS),
            ("DEL", replies),
            ("RPUSH", replies, _NO_ANSWER),
            ("EXPIRE", replies, REPLIES_LIVE_S),
            ("PUBLISH", channel, envelope(request_body(reply_queue, uuid4().hex))),
            ("EXEC",),
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

    def ask(self, timeout_s: float) -> Answers:
        """Send the request. Late answers to the previous one count as well. Raises: InspectError."""
        # One transaction: if Redis refuses one of its commands, as a read-only replica does, nothing is published.
        late, *_, listeners = self._send(*self._request)[-1]
        self._await(listeners, timeout_s)
        fresh, _, self._workers = self._send(*self._collect)[-1]
        messages = [_open(message) for message in [*reversed(late), *reversed(fresh)] if message]
        return read_answers(messages, listeners=listeners)

    def has_news(self) -> bool:
        """Whether a late answer came, or the number of bound workers changed. Raises: InspectError."""
        return self._send(self._count, self._bound) != [1, self._workers]

    def close(self) -> None:
        """Close the connection. The list of answers stays until it expires: an answer may be on its way."""
        self._connection.close()

    def _await(self, listeners: int, timeout_s: float) -> None:
        end_s, pause_s = time.monotonic() + timeout_s, FIRST_POLL_S
        while self._send(self._count)[0] <= listeners:
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


def _open(message: bytes) -> tuple[str, bytes]:
    try:
        return open_envelope(message)
    except ValueError:
        return "", message


def _fanout_prefix(options: BrokerOptions, database: int) -> str:
    prefix = options.fanout_prefix
    if not prefix:
        return ""
    return (prefix if isinstance(prefix, str) else "/{db}.").replace("{db}", str(database))


def _list_of(queue: str, options: BrokerOptions) -> str:
    """The list for messages of priority 0, which answers have: the first step's, or without a step 0 the last one's.

    Source: kombu 5.7.0 transport/redis.py, `Channel.priority`.
    """
    keys = options.queue_keys(queue)
    return keys[-1] if options.priority_steps[0] else keys[0]
