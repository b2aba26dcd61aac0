"""Hears events on Redis, where kombu publishes them: PUB/SUB, so nothing is kept and nothing piles up.

A reader that is too slow is cut off by Redis (`client-output-buffer-limit pubsub`), and what it missed is gone; the
workers' heartbeats tell how many tasks that concerns.

Source: kombu 4.6 to 5.7, transport/redis.py, `Channel._put_fanout` and `_get_publish_topic`.
"""

import re
import time
from typing import Any

import redis

from collector.probes.broker.redis_connection import RedisConnection
from collector.probes.events.message import Message, open_envelope
from settings.broker_options import BrokerOptions

SILENT_S = 60.0
"""After such a silence the connection may be broken without a sign, and another one takes its place."""

MOST_MESSAGES = 2_000
"""Most messages of one `read`."""

GROUPS = (b"/task.", b"/worker.")
"""What the channel's name goes on with. Without `fanout_patterns` it ends."""


class RedisSource:
    """One connection. Not thread-safe."""

    def __init__(self, url: str, options: BrokerOptions, exchange: str, *, timeout_s: float) -> None:
        """Raises: what redis-py raises."""
        self._url, self._options, self._exchange, self._timeout_s = url, options, exchange, timeout_s
        self._connection = self._subscribe()
        self._read_at_s = time.monotonic()

    def read(self) -> list[Message]:
        """See `Source`."""
        messages: list[Message] = []
        count, now_s = 0, time.monotonic()
        while count < MOST_MESSAGES and self._connection.has_answer():
            count += 1
            push = self._connection.read()
            if self._is_event(push):
                messages.append(open_envelope(push[3]))
        if count:
            self._read_at_s = now_s
        elif now_s - self._read_at_s > SILENT_S:
            self._renew(now_s)
        return messages

    def drop(self) -> None:
        """See `Source`."""
        self._connection.close()

    def _subscribe(self) -> RedisConnection:
        connection = RedisConnection(self._url, timeout_s=self._timeout_s)
        channel = self._options.channel(self._exchange, connection.database)
        self._channel = channel.encode()
        pattern = re.sub(r"([*?\[\]\\])", r"\\\1", channel) + "*"  # An ACL must name it in these very letters.
        [answer] = connection.execute(connection.pack([("PSUBSCRIBE", pattern)]), 1)
        if isinstance(answer, redis.ResponseError):
            connection.close()
            raise answer
        return connection

    def _renew(self, now_s: float) -> None:
        before, self._connection = self._connection, self._subscribe()
        before.close()
        self._read_at_s = now_s

    def _is_event(self, push: Any) -> bool:
        """Whether a push is a message of this exchange; the pattern also matches longer names."""
        if not isinstance(push, list) or len(push) != 4 or not push[2].startswith(self._channel):
            return False
        rest = push[2][len(self._channel) :]
        return not rest or rest.startswith(GROUPS)
