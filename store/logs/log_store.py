"""The store of logged lines: groups of repeats in Redis, the newest of them, for a day. Keys in `keys`.

One script writes everything that comes together. It also replaces foreign data under its keys, stamps by the store's
clock and keeps all bounds.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis import Redis

from store import keys
from store.connection import translated
from store.errors import BadEntry
from store.logs.log_group import FIELDS, ID_PATTERN, Batch, parse_group
from store.samples.entries import store_time_s

SHOWN = 200
"""Most groups in an answer."""

_SCRIPT = Path(__file__).with_suffix(".lua").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Recent:
    """The newest groups, the newest first, with the store's clock (epoch s)."""

    now_s: float
    dropped: int
    """Lines of the last day that services only counted, because they logged faster than they may send."""
    groups: list[dict[str, Any]]


class LogStore:
    """Writes and reads the groups. Every method raises StoreUnavailable."""

    def __init__(self, client: "Redis") -> None:
        self._redis = client
        self._write = client.register_script(_SCRIPT)

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
        for group in groups:  # A time in the future comes from a clock that was set back since.
            group["first_at"], group["last_at"] = min(group["first_at"], now_s), min(group["last_at"], now_s)
            group["began_at"] = [min(began_at, now_s) for began_at in group["began_at"]]
        return Recent(now_s, _sum_dropped(dropped, now_s), groups)

    @translated
    def groups(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """These groups, in this order; those that are gone are left out."""
        return self._read([group_id.encode() for group_id in ids])

    def _read(self, ids: Sequence[bytes]) -> list[dict[str, Any]]:
        names = [name for each in ids if ID_PATTERN.fullmatch(name := each.decode("utf-8", "replace"))]
        pipeline = self._redis.pipeline(transaction=False)
        for name in names:
            pipeline.hmget(keys.log_group(name), FIELDS)
        rows = pipeline.execute(raise_on_error=False) if names else []
        groups = []
        for name, fields in zip(names, rows, strict=True):
            with suppress(BadEntry):
                groups.append(parse_group(name, fields))
        return groups


def _sum_dropped(by_hour: Mapping[bytes, bytes], now_s: float) -> int:
    oldest_hour = int(now_s - keys.LOG_RETENTION_S) // 3600
    return sum(
        int(count) for hour, count in by_hour.items() if hour.isdigit() and count.isdigit() and int(hour) > oldest_hour
    )
