"""The store of logged lines: groups of repeats in Redis, the newest of them, for a day. Keys in `keys`.

Everything that comes together is written by one script, which also mends what something else has left under its keys,
stamps by the store's clock and keeps within its bounds whatever comes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redis import Redis

from store import keys
from store.connection import translated
from store.errors import BadEntry
from store.logs.log_group import FIELDS, ID_PATTERN, Batch, parse_group
from store.samples.entries import store_time_s

SHOWN = 200
"""Groups answered at most."""

_WRITE = """
local function heal(key, kind)
    local found = redis.call('TYPE', key).ok
    if found ~= kind and found ~= 'none' then redis.call('DEL', key) end
end
if not redis.call('SET', KEYS[4], 1, 'NX', 'PX', 60000) then return 0 end
heal(KEYS[1], 'stream') heal(KEYS[2], 'zset') heal(KEYS[3], 'hash') heal(KEYS[5], 'hash')
local time = redis.call('TIME')
local offset_ms = tonumber(redis.call('HGET', KEYS[5], 'offset')) or 0
local now_us = time[1] * 1000000 + time[2] + offset_ms * 1000
local prefix, kept_us, most, dropped = ARGV[1], ARGV[2] * 1000000, tonumber(ARGV[3]), tonumber(ARGV[4])
local ids = {}
for at = 6, #ARGV, 6 do
    local id, count = ARGV[at], tonumber(ARGV[at + 1])
    local oldest_us, newest_us = now_us - ARGV[at + 2], now_us - ARGV[at + 3]
    local key = prefix .. id
    heal(key, 'hash')
    local known = redis.call('HMGET', key, 'count', 'first_us', 'last_us')
    local total, first_us = (tonumber(known[1]) or 0) + count, math.min(tonumber(known[2]) or oldest_us, oldest_us)
    -- A line that was longer on its way than the one before, or was logged earlier, does not turn the group back.
    newest_us = math.min(math.max(tonumber(known[3]) or newest_us, newest_us), now_us)
    redis.call('HSET', key, 'line', ARGV[at + 4], 'owner', ARGV[at + 5], 'count', string.format('%.0f', total),
        'first_us', string.format('%.0f', first_us), 'last_us', string.format('%.0f', newest_us))
    -- Later than the list lets go of it: Redis expires by its own clock, which may be wrong by a day.
    redis.call('EXPIRE', key, 4 * ARGV[2])
    redis.call('ZADD', KEYS[2], newest_us, id)
    ids[#ids + 1] = id
end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now_us - kept_us)
local extra = redis.call('ZCARD', KEYS[2]) - most
if extra > 0 then
    -- Of whoever has the most, the oldest: a service that floods with ever new texts pushes out its own.
    local of, owners = {}, {}
    for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
        local owner = redis.pcall('HGET', prefix .. id, 'owner')
        if type(owner) ~= 'string' then owner = '' end
        if not of[owner] then of[owner] = {first = 1} owners[#owners + 1] = owner end
        table.insert(of[owner], id)
    end
    for _ = 1, extra do
        local most_of
        for _, owner in ipairs(owners) do
            local ids_of = of[owner]
            if not most_of or #ids_of - ids_of.first > #most_of - most_of.first then most_of = ids_of end
        end
        redis.call('DEL', prefix .. most_of[most_of.first])
        redis.call('ZREM', KEYS[2], most_of[most_of.first])
        most_of.first = most_of.first + 1
    end
end
if dropped > 0 then
    local hour = string.format('%.0f', math.floor(now_us / 3600000000))
    local before = tonumber(redis.call('HGET', KEYS[3], hour)) or 0
    redis.call('HSET', KEYS[3], hour, string.format('%.0f', before + dropped))
    redis.call('EXPIRE', KEYS[3], ARGV[2])
    if redis.call('HLEN', KEYS[3]) > 30 then
        for _, field in ipairs(redis.call('HKEYS', KEYS[3])) do
            if (tonumber(field) or 0) < hour - kept_us / 3600000000 then redis.call('HDEL', KEYS[3], field) end
        end
    end
end
if #ids > 0 then
    local news = table.concat(ids, ' ')
    -- It fails where something has written an id that nothing can follow.
    if redis.pcall('XADD', KEYS[1], 'MAXLEN', '~', ARGV[5], '*', 'groups', news).err then
        redis.call('DEL', KEYS[1])
        redis.call('XADD', KEYS[1], '*', 'groups', news)
    end
end
return 1
"""


@dataclass(frozen=True)
class Recent:
    """The newest groups, the newest first, with the store's clock (epoch s)."""

    now_s: float
    dropped: int
    """Lines of the last day that were logged faster than they are kept, and were counted only."""
    groups: list[dict[str, Any]]


class LogStore:
    """Writes and reads the groups. Every method raises StoreUnavailable."""

    def __init__(self, client: "Redis") -> None:
        self._redis = client
        self._write = client.register_script(_WRITE)
        self.skipped_groups = 0
        """What lay under the keys and was no group."""

    @translated
    def write(self, batches: Mapping[str, Batch], *, batch_id: str, dropped: int = 0, waited_s: float = 0) -> None:
        """Add to the groups, by fingerprint, and to the count of what was dropped. The same `batch_id` twice within a
        minute counts once, so that it can be tried again when it is not known whether it was written. `waited_s`: how
        much older the lines have become since they were gathered.
        """
        values: list[str | bytes | int] = [
            keys.log_group(""),
            keys.LOG_RETENTION_S,
            keys.LOG_GROUPS,
            dropped,
            keys.LOG_NEWS,
        ]
        for group_id, batch in batches.items():
            ages_us = (int((age_s + waited_s) * 1e6) for age_s in (batch.oldest_age_s, batch.newest_age_s))
            line = batch.line
            values += [group_id, batch.count, *ages_us, line.to_json(), f"{line.host}/{line.service}"]
        names = [keys.LOGS, keys.RECENT_LOGS, keys.DROPPED_LOGS, keys.log_batch(batch_id), keys.CLOCK]
        self._write(keys=names, args=values)

    def close(self) -> None:
        """Give the connections back."""
        self._redis.close()

    @translated
    def recent(self, count: int = SHOWN) -> Recent:
        """The newest groups."""
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.time()
        pipeline.hget(keys.CLOCK, keys.OFFSET)
        pipeline.zrevrangebyscore(keys.RECENT_LOGS, "+inf", "-inf", start=0, num=count)
        pipeline.hgetall(keys.DROPPED_LOGS)
        time, offset_ms, ids, dropped = pipeline.execute()
        now_s = store_time_s(time, offset_ms)
        groups = [group for group in self._read(ids) if now_s - group["last_at"] <= keys.LOG_RETENTION_S]
        for group in groups:  # One of the future was stamped by a clock that has been set back.
            group["first_at"], group["last_at"] = min(group["first_at"], now_s), min(group["last_at"], now_s)
        return Recent(now_s, _sum_dropped(dropped, now_s), groups)

    @translated
    def groups(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """These groups, in this order; those that are gone are left out."""
        return self._read([group_id.encode() for group_id in ids])

    def _read(self, ids: Sequence[bytes]) -> list[dict[str, Any]]:
        names = [name for each in ids if ID_PATTERN.fullmatch(name := each.decode("utf-8", "replace"))]
        self.skipped_groups += len(ids) - len(names)
        pipeline = self._redis.pipeline(transaction=False)
        for name in names:
            pipeline.hmget(keys.log_group(name), FIELDS)
        rows = pipeline.execute(raise_on_error=False) if names else []
        groups = []
        for name, fields in zip(names, rows, strict=True):
            try:
                groups.append(parse_group(name, fields))
            except BadEntry:
                self.skipped_groups += 1
        return groups


def _sum_dropped(by_hour: Mapping[bytes, bytes], now_s: float) -> int:
    oldest_hour = int(now_s - keys.LOG_RETENTION_S) // 3600
    return sum(
        int(count) for hour, count in by_hour.items() if hour.isdigit() and count.isdigit() and int(hour) > oldest_hour
    )
