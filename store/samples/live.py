"""The live store: one Redis stream is both the last hour's history and the feed. Redis only; keys in `keys`.

One idempotent script (`append`) writes a sample, so a second beat, a redelivered tick or a retried command cannot
double a point. Every command has a deadline.
"""

import math
from collections.abc import Iterator
from typing import Any, cast

from redis import Redis
from redis.exceptions import ResponseError

from store import keys
from store.connection import COMMAND_TIMEOUT_S, translated
from store.connection import redis_client as redis_client  # noqa: PLC0414  Most take both from here.
from store.redis_version import check_version
from store.samples.append import Appender, Standing
from store.samples.entries import (
    Entry,
    Host,
    News,
    Tables,
    age_s,
    parse_entry,
    parse_news,
    parse_tables,
    store_time_s,
)
from store.samples.model import Sample

PAGE_ENTRIES = 200
"""Entries per request: some 250 kB, so that a long answer holds up neither Redis nor a gevent loop."""

APPEND_GRACE_S = 3 * COMMAND_TIMEOUT_S
"""How long after its sending Redis may still write a sample: both tries have timed out by then."""

_STAND_BY = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000) + (tonumber(redis.call('HGET', KEYS[2], ARGV[1])) or 0)
redis.call('HSET', KEYS[1], 'rival_seen', now)
redis.call('HINCRBY', KEYS[1], 'rival_tries', 1)
return now - (tonumber(redis.call('HGET', KEYS[1], 'seen')) or 0)
"""


class LiveStore:
    """Writes, reads and follows the stream of samples.

    Every method raises StoreUnavailable when Redis does not answer in time, or refuses.
    """

    def __init__(self, client: "Redis", *, instance: str = "", append_grace_s: float = APPEND_GRACE_S) -> None:
        """`instance`: the id of the writing collector, if others may use the same name; see `append`."""
        self._redis = client
        self._appender = Appender(client, instance=instance, grace_s=append_grace_s)
        self._stand_by = client.register_script(_STAND_BY)

    @property
    def standing(self) -> Standing:
        """What the last `append` found out."""
        return self._appender.standing

    @translated
    def append(self, sample: Sample, *, interval_s: float = keys.INTERVAL_S, tables: bytes = b"") -> str | None:
        """Write a sample, and with it the workers' tables if `tables` are given as JSON.

        Returns its stream id; None if the slot already has one, or if another collector reports as this host, as
        `standing` then says.
        """
        try:
            return self._appender.append(sample, interval_s, tables)
        except ResponseError:
            check_version(self._redis)
            raise

    @translated
    def announce(self, host: str) -> None:
        """Announce that this process will report as `host`: the present holder leaves the next tick to it."""
        self._redis.hset(keys.holder(host), "heir", self._appender.instance)
        self._redis.expire(keys.holder(host), keys.HOST_RETENTION_S)

    @translated
    def stand_by(self, host: str) -> float:
        """Note that this collector stands by for `host`. Returns how long the holder has been silent (s)."""
        silent_ms = self._stand_by(keys=[keys.holder(host), keys.CLOCK], args=[keys.OFFSET])
        return cast(int, silent_ms) / 1000

    @translated
    def follow(self, after: str, logs_after: str, *, block_ms: int) -> News:
        """Returns the entries after these ids; waits up to `block_ms` for the first. The client must wait longer."""
        cursors: dict[Any, Any] = {keys.SAMPLES: after, keys.LOGS: logs_after}
        try:
            answer = cast(list[Any], self._redis.xread(cursors, count=PAGE_ENTRIES, block=block_ms))
        except ResponseError as exc:
            if "WRONGTYPE" not in str(exc) or self._redis.type(keys.LOGS) in (b"stream", b"none"):
                raise
            # Foreign data under the key of the logs must not cost the samples; the next log repairs the key.
            answer = cast(list[Any], self._redis.xread({keys.SAMPLES: after}, count=PAGE_ENTRIES, block=block_ms))
        return parse_news(answer or [], logs_after)

    @translated
    def last_log_id(self) -> str:
        """The id of the newest entry about logs; `NO_ID` if there is none, or if the key holds foreign data."""
        try:
            newest = cast(list[Any], self._redis.xrevrange(keys.LOGS, count=1))
        except ResponseError:
            return keys.NO_ID
        return newest[0][0].decode() if newest else keys.NO_ID

    @translated
    def newest(self, count: int) -> list[Entry]:
        """The newest entries, oldest first."""
        answer = cast(list[Any], self._redis.xrevrange(keys.SAMPLES, count=count))
        return [parse_entry(raw) for raw in reversed(answer)]

    def since(self, since_s: float, until_s: float | None = None) -> Iterator[Entry]:
        """The entries written at or after an instant (epoch s, the store's clock) and, where given, before another;
        oldest first, read page by page."""
        start, end = f"{_milliseconds(since_s)}-0", "+"
        if until_s is not None:
            if _milliseconds(until_s) == 0:
                return
            end = str(_milliseconds(until_s) - 1)  # Without a sequence number: the last of that millisecond.
        while page := self._page(start, end):
            yield from page
            if len(page) < PAGE_ENTRIES:
                return
            start = f"({page[-1].id}"

    @translated
    def _page(self, start: str, end: str = "+") -> list[Entry]:
        answer = cast(list[Any], self._redis.xrange(keys.SAMPLES, min=start, max=end, count=PAGE_ENTRIES))
        return [parse_entry(raw) for raw in answer]

    @translated
    def newest_of(self, host: str) -> Entry | None:
        """The newest entry of one host; None when it is not on the list, or has not written within the hour."""
        last_ms = self._redis.zscore(keys.HOSTS, host)
        if last_ms is None:
            return None
        since_then = self._page(f"{int(last_ms)}-0")
        return next((entry for entry in reversed(since_then) if entry.host == host), None)

    @translated
    def tables_of(self, host: str) -> Tables:
        """The last tables of a host's workers."""
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.time()
        pipeline.hget(keys.CLOCK, keys.OFFSET)
        pipeline.get(keys.workload(host))
        time, offset_ms, value = pipeline.execute()
        return parse_tables(value, store_time_s(time, offset_ms))

    @translated
    def oldest_at(self, host: str) -> float | None:
        """When the stream's samples of a host begin (epoch s, the store's clock); None if it holds none."""
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.zscore(keys.JOINED, host)
        pipeline.zscore(keys.HOSTS, host)
        pipeline.xrange(keys.SAMPLES, count=1)
        joined_ms, last_ms, first = pipeline.execute()
        if last_ms is None or not first:
            return None
        first_ms, _ = keys.id_key(first[0][0].decode())
        return max(joined_ms or 0, first_ms) / 1000 if last_ms >= first_ms else None

    @translated
    def last_id(self) -> str:
        """The id of the last entry ever added, trimmed or not; `NO_ID` where there is no stream."""
        try:
            info = self._redis.xinfo_stream(keys.SAMPLES)
        except ResponseError as exc:
            if "no such key" not in str(exc):
                raise
            return keys.NO_ID
        return cast(bytes, info["last-generated-id"]).decode()

    @translated
    def now_s(self) -> float:
        """The store's clock (epoch s), which also stamps the entries' ids: Redis' own, corrected for a jump."""
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.time()
        pipeline.hget(keys.CLOCK, keys.OFFSET)
        return store_time_s(*pipeline.execute())

    @translated
    def list_length(self, key: str) -> int:
        """How many entries a list holds, 0 where there is none."""
        return self._redis.llen(key)

    def check_version(self) -> None:
        """See `store.redis_version`."""
        check_version(self._redis)

    @translated
    def try_writing(self) -> None:
        """Raises: StoreUnavailable, also if Redis answers but takes no writes: it is full, or too old."""
        check_version(self._redis)
        self._redis.set(keys.TRIAL, 1, px=1)

    @translated
    def hosts(self) -> list[Host]:
        """The hosts that have written within `HOST_RETENTION_S` and were not forgotten, by name."""
        now_s = self.now_s()
        rows = cast(list[tuple[bytes, float]], self._redis.zrange(keys.HOSTS, 0, -1, withscores=True))
        hosts = (
            Host(name.decode("utf-8", "replace"), at_ms / 1000, age_s(now_s - at_ms / 1000))
            for name, at_ms in rows
            if math.isfinite(at_ms)
        )
        return sorted(hosts, key=lambda host: host.host)

    @translated
    def forget_host(self, host: str) -> bool:
        """Take a host off the list, until its next sample, and tell every follower. Returns whether it was listed."""
        if not self._redis.zrem(keys.HOSTS, host):
            return False
        self._redis.zrem(keys.JOINED, host)
        self._redis.delete(keys.workload(host))
        self._redis.xadd(keys.SAMPLES, {"host": host, "forgotten": 1})
        return True


def _milliseconds(at_s: float) -> int:
    return max(0, int(at_s * 1000))
