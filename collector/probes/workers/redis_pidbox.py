"""Asks the workers on a Redis, without kombu: its broadcast is a PUBLISH, and an answer an LPUSH to the queue named.

The answers come to a list of the panel's own. Its last element is an empty one of ours, so that the list is always
there and keeps its time to live: an answer that comes when nobody reads any more does not stay for ever.

PUBLISH tells how many have got the question. So nobody is waited for when nobody listens, and not a moment longer than
until the last has answered.
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
"""How long answers are kept for a panel that does not come for them."""

MAX_ANSWERS = 1000
"""Answers read at once."""

FIRST_LOOK_S, LONGEST_LOOK_S = 0.005, 0.16
"""Pauses between two looks for answers: each is twice the one before. A worker that is idle answers within 5 ms."""

_NO_ANSWER = ""


class RedisPidbox:
    """The way to the workers over one connection. Not thread-safe."""

    def __init__(self, broker_url: str, options: BrokerOptions, reply_queue: str, *, timeout_s: float) -> None:
        """`reply_queue`: where the answers come to, of `new_reply_queue`; the same after each reconnect.

        Raises: InspectError.
        """
        try:
            self._connection = RedisConnection(broker_url, timeout_s=timeout_s)
        except Exception as error:
            raise InspectError(_reason(error)) from error
        replies = _list_of(reply_queue, options)
        channel = options.key(_fanout_prefix(options, self._connection.database) + EXCHANGE)
        self._question: list[Command] = [
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
        self._taking: list[Command] = [
            ("MULTI",),
            ("LRANGE", replies, 0, MAX_ANSWERS),
            ("LTRIM", replies, -1, -1),
            self._bound,
            ("EXEC",),
        ]
        self._workers = 0
        """How many were bound after the last question, those included that have ended without a word."""

    def ask(self, timeout_s: float) -> Answers:
        """Put the question; an answer that has come late since the one before counts, too. Raises: InspectError."""
        # One transaction: where a command of it is refused, as on a replica that only reads, nobody is asked.
        late, *_, listeners = self._send(*self._question)[-1]
        self._await(listeners, timeout_s)
        fresh, _, self._workers = self._send(*self._taking)[-1]
        messages = [_open(message) for message in [*reversed(late), *reversed(fresh)] if message]
        return read_answers(messages, listeners=listeners)

    def has_news(self) -> bool:
        """Whether an answer has come late, or the number of workers bound has changed. Raises: InspectError."""
        return self._send(self._count, self._bound) != [1, self._workers]

    def close(self) -> None:
        """Close the connection. The list of answers stays for as long as it lives: an answer may be on its way."""
        self._connection.close()

    def _await(self, listeners: int, timeout_s: float) -> None:
        end_s, pause_s = time.monotonic() + timeout_s, FIRST_LOOK_S
        while self._send(self._count)[0] <= listeners:
            left_s = end_s - time.monotonic()
            if left_s <= 0:
                return
            time.sleep(min(pause_s, left_s))
            pause_s = min(2 * pause_s, LONGEST_LOOK_S)

    def _send(self, *commands: Command) -> list[Any]:
        """The answers. Raises: InspectError, for the first command that is refused."""
        try:
            answers = self._connection.execute(self._connection.pack(commands), len(commands))
        except Exception as error:
            raise InspectError(_reason(error)) from error
        for answer in answers:
            if isinstance(answer, redis.ResponseError):
                raise InspectError(_reason(answer)) from answer
        return answers


def _reason(error: Exception) -> str:
    """The page's code for why the workers could not be asked."""
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
    """The list in which a message of priority 0, as an answer is, comes to a queue: that of the lowest step.

    Without a step 0 it is the last one's. Source: kombu 5.7.0 transport/redis.py, `Channel.priority`.
    """
    keys = options.queue_keys(queue)
    return keys[-1] if options.priority_steps[0] else keys[0]
