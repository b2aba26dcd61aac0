"""The live store: one Redis stream that is both the last hour's history and the feed. Redis only; keys in `keys`.

A sample is written by one idempotent script, so a second beat, a redelivered tick or a retried command cannot double a
point. Every command has a deadline. The ids are Redis' own (`*`), which stay increasing over clock jumps.
"""

import math
import time
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from collector.store import keys
from collector.store.entries import Entry, Host, News, Report, age_s, parse_entry, parse_news, parse_report
from collector.store.errors import StoreUnavailable
from collector.store.model import Sample

P = ParamSpec("P")
R = TypeVar("R")

COMMAND_TIMEOUT_S = 1.0
"""Deadline of one command. A healthy Redis answers in well under a millisecond."""

PAGE_ENTRIES = 200
"""Entries asked for at once: some 250 kB, so that neither Redis nor a gevent loop is held up by a long answer."""

APPEND_GRACE_S = 3 * COMMAND_TIMEOUT_S
"""How long after it was sent a sample may still be written: both tries have timed out by then."""

_APPEND = """
local now = redis.call('TIME')
local now_ms = now[1] * 1000 + math.floor(now[2] / 1000)
if tonumber(ARGV[6]) > 0 and now_ms > tonumber(ARGV[6]) then return now_ms end
if not redis.call('SET', KEYS[3], 1, 'NX', 'PX', ARGV[3]) then return false end
local oldest_ms = now_ms - ARGV[4] * 1000
local id = redis.call('XADD', KEYS[1], 'MINID', '~', oldest_ms, '*', 'host', ARGV[1], 'sample', ARGV[2])
redis.call('ZADD', KEYS[2], now_ms, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now_ms - ARGV[5] * 1000)
redis.call('ZADD', KEYS[4], 'NX', now_ms, ARGV[1])
return id
"""
_REPORT = """
local now = redis.call('TIME')
redis.call('HSET', KEYS[1], ARGV[1], now[1] * 1000 + math.floor(now[2] / 1000) .. ' ' .. ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
"""
# MINID with `~` trims whole nodes (100 entries), so that trimming costs nothing on most writes: up to 100 entries more
# than the hour stay. Redis' own clock gives the ids, so it must give the cutoff too.


def redis_client(
    url: str, *, timeout_s: float = COMMAND_TIMEOUT_S, max_connections: int = 20, **options: Any
) -> "Redis":
    """A client whose every command ends within `timeout_s`, connecting included. `options`: redis-py's own.

    One retry at once, for a pooled connection that the server closed; none after a time-out, which would double the
    deadline. RESP2 is fixed because the shape of XREAD's answer depends on the protocol.
    """
    return Redis.from_url(
        url,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        max_connections=max_connections,
        protocol=2,
        retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
        **options,
    )


def translated(function: Callable[P, R]) -> Callable[P, R]:
    """The one place where redis-py's errors become ours. Their text stays out: it can hold the URL's password."""

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except RedisError as exc:
            raise StoreUnavailable(f"Redis: {type(exc).__name__}") from exc

    return call


class LiveStore:
    """Writes, reads and follows the stream of samples.

    Every method raises StoreUnavailable when Redis does not answer in time, or refuses.
    """

    def __init__(self, client: "Redis", *, append_grace_s: float = APPEND_GRACE_S) -> None:
        self._redis = client
        self._append_grace_s = append_grace_s
        self._append = client.register_script(_APPEND)
        self._lead_s: float | None = None
        """Redis' clock less ours (monotonic), as of the last write."""
        self._report = client.register_script(_REPORT)

    @translated
    def append(self, sample: Sample, *, claim_s: float = keys.CLAIM_S) -> str | None:
        """Write a sample; its stream id, or None when this host's slot was already written within `claim_s`.

        Tried twice, since writing is idempotent: that a connection has died unnoticed costs a command to find out. A
        Redis that was frozen executes when it wakes what has long been given up, and stamps it as new: so the script
        has a deadline by Redis' own clock. An answer that says "too late" has come in time: that clock was set.
        """
        for _ in range(2):
            answer = self._try_append(sample, claim_s)
            if not isinstance(answer, int):
                break
            self._lead_s = answer / 1000 - time.monotonic()
        if not isinstance(answer, bytes):
            return None
        entry_id = answer.decode()
        self._lead_s = keys.id_seconds(entry_id) - time.monotonic()
        return entry_id

    def _try_append(self, sample: Sample, claim_s: float) -> bytes | int | None:
        """The id; None when the slot is taken; Redis' clock (ms) when it is past the deadline."""
        deadline_s = 0.0 if self._lead_s is None else self._lead_s + time.monotonic() + self._append_grace_s
        slot = [keys.SAMPLES, keys.HOSTS, keys.slot(sample.host, sample.slot), keys.JOINED]
        values: list[str | bytes | int] = [
            sample.host,
            sample.to_json(),
            int(claim_s * 1000),
            keys.RETENTION_S,
            keys.HOST_RETENTION_S,
            int(deadline_s * 1000),
        ]
        try:
            answer = self._append(keys=slot, args=values)
        except RedisTimeoutError:
            answer = self._append(keys=slot, args=values)
        return cast("bytes | int | None", answer)

    @translated
    def report(self, host: str, name: str, report: str) -> None:
        """Note what a container of `host` says of itself (JSON), stamped by Redis' clock."""
        self._report(keys=[keys.containers(host)], args=[name, report, keys.REPORT_TTL_S])

    @translated
    def reports(self, host: str) -> list[Report]:
        """What the containers of a host have said of themselves within `REPORT_TTL_S`, by name."""
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.time()
        pipeline.hgetall(keys.containers(host))
        (seconds, microseconds), rows = pipeline.execute()
        now_ms = seconds * 1000 + microseconds / 1000
        reports = (parse_report(name, value, now_ms) for name, value in sorted(rows.items()))
        return [report for report in reports if report and report.age_s <= keys.REPORT_TTL_S]

    @translated
    def follow(self, after: str, logs_after: str, *, block_ms: int) -> News:
        """What was written after the ids; waits up to `block_ms` for the first. The client must wait longer."""
        cursors: dict[Any, Any] = {keys.SAMPLES: after, keys.LOGS: logs_after}
        try:
            answer = cast(list[Any], self._redis.xread(cursors, count=PAGE_ENTRIES, block=block_ms))
        except ResponseError as exc:
            if "WRONGTYPE" not in str(exc) or self._redis.type(keys.LOGS) in (b"stream", b"none"):
                raise
            # Something else lies under the key of the logs, which must not cost the samples; the next log mends it.
            answer = cast(list[Any], self._redis.xread({keys.SAMPLES: after}, count=PAGE_ENTRIES, block=block_ms))
        return parse_news(answer or [], logs_after)

    @translated
    def last_log_id(self) -> str:
        """The id of the newest entry about logs; `NO_ID` where there is none, or something else lies there."""
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
        """The entries written at or after an instant (epoch s, Redis' clock) and, where that is given, before another;
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
    def oldest_at(self, host: str) -> float | None:
        """Since when the stream holds samples of a host (epoch s, Redis' clock); None where it holds none."""
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
        """Redis' clock, which also gives the entries' ids: epoch s."""
        seconds, microseconds = self._redis.time()
        return seconds + microseconds / 1e6

    @translated
    def push(self, key: str, value: str) -> None:
        """Put a value in front of a list, whose other end is read."""
        self._redis.lpush(key, value)

    @translated
    def list_length(self, key: str) -> int:
        """How many entries a list holds, 0 where there is none."""
        return self._redis.llen(key)

    @translated
    def try_writing(self) -> None:
        """Raises StoreUnavailable where Redis answers and yet takes nothing: its memory or its disk is full."""
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
        """Take a host off the list and tell every follower; whether it was on it. It returns with its next sample."""
        if not self._redis.zrem(keys.HOSTS, host):
            return False
        self._redis.zrem(keys.JOINED, host)
        self._redis.xadd(keys.SAMPLES, {"host": host, "forgotten": 1})
        return True


def _milliseconds(at_s: float) -> int:
    return max(0, int(at_s * 1000))
