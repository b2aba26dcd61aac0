"""Reads how many messages a watched Redis keeps for workers, beside the queues.

kombu moves a message that a worker takes from its list to the hash `unacked`, and notes in the sorted set
`unacked_index` when (epoch s, the worker's clock). It stays there until the worker acknowledges it: a task that runs
with `acks_late`, one that the worker has prefetched, or one with an ETA or a countdown. Both commands take Redis the
same time however many there are.

Source: kombu 5.7.0 transport/redis.py, `QoS.append`.
"""

import logging
import time
from collections.abc import Callable

import redis

from collector.probes.backoff import Backoff
from collector.probes.broker.redis_connection import RedisConnection
from settings.broker_options import BrokerOptions
from store.samples.model import Reserved

log = logging.getLogger(__name__)

PAUSE_S, REFUSED_CAP_S = 2.0, 300.0
"""Between two readings, and the longest pause after a refusal: Redis logs each one."""


class ReservedReader:
    """Reads them over one connection."""

    def __init__(
        self, connection: RedisConnection, options: BrokerOptions, *, wall: Callable[[], float] = time.time
    ) -> None:
        self._connection = connection
        self._options = options
        held, since = options.key(options.unacked_key), options.key(options.unacked_index_key)
        self._packed = connection.pack([("HLEN", held), ("ZRANGE", since, 0, 0, "WITHSCORES")])
        self._wall = wall
        self._refused = Backoff(PAUSE_S, REFUSED_CAP_S)
        self._due_s = 0.0
        self._last: Reserved | None = None

    def read(self) -> Reserved | None:
        """The reserved messages, a few seconds old at the most; None where Redis refuses.

        Raises: what redis-py raises when Redis does not answer.
        """
        now_s = time.monotonic()
        if now_s < self._due_s:
            return self._last
        count, oldest = self._connection.execute(self._packed, 2)
        if isinstance(count, redis.ResponseError) or isinstance(oldest, redis.ResponseError):
            pause_s = self._refused.next_s()
            if pause_s == PAUSE_S:
                log.warning("the watched Redis does not tell how many messages workers hold")
            self._due_s, self._last = now_s + pause_s, None
            return None
        self._refused.reset()
        self._due_s = now_s + PAUSE_S
        # The worker's clock may be ahead of ours.
        oldest_s = max(0.0, self._wall() - float(oldest[1])) if count and oldest else None
        self._last = Reserved(
            count=count,
            oldest_s=None if oldest_s is None else round(oldest_s, 1),
            visibility_timeout_s=self._options.visibility_timeout,
        )
        return self._last
