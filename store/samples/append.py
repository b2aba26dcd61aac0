"""Writes a sample: once, by a clock that does not jump, and only for the collector that holds the host's name.

One script, `append.lua`, does it all, so that nothing comes between its parts. This process tells it:

- Its clocks. Entries get ids by Redis' clock. If that clock jumps and the monotonic clock here does not, the script
  keeps an `offset` that corrects the jump until it is over; whoever stamps or judges an age adds it (`keys.CLOCK`). If
  this machine's clock has jumped as well, the script follows. If ids stay ahead of the clock for `AHEAD_HOLD_S`, the
  script moves them back, and the stream begins anew.
- Its instance. Of several collectors with one name, the one that started last writes. The others learn that the name is
  held, until the holder is silent for the length of the lease. A collector announces itself at its start: ticks come
  by one queue, and the collector that took the last one may take the next ones, too, for minutes.
- A deadline by Redis' clock: a Redis that was frozen still executes commands whose senders have long given up.

Why it is so: docs/decisions.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from redis import Redis
from redis.exceptions import TimeoutError as RedisTimeoutError

from store import keys
from store.samples.model import Sample, Trouble, TroubleCode

SLACK_S = 5.0
"""How far two clocks may differ before one counts as wrong: more than a slow answer and a step of NTP."""

LEAP_HOLD_S = 600
"""How long the script trims nothing by age after the clock has leapt: it may leap back."""

AHEAD_HOLD_S = 30
"""How long ids may be ahead of the clock: a clock that was wrong for a moment needs no repair."""

WORKLOAD_INTERVALS = 4
"""The workers' tables are kept for so many intervals, where these are long."""

MOVED = 10_000
"""Newest entries that a stream keeps when it begins anew: some 50 ms of Redis' time."""

LEAST_ENTRIES = 20_000
"""Entries that the stream may hold in any case, whatever the clocks say."""

SILENT_INTERVALS = 3
"""A name is free after its holder was silent for so many intervals."""

CLAIM_INTERVALS = 3.5
"""How long a written slot stays claimed: longer than a tick may be late, which expires after three intervals. No longer
than that: a clock set back makes old slots come again, and until their claims expire their samples are dropped."""

_SCRIPT = Path(__file__).with_name("append.lua").read_text(encoding="utf-8")


def make_instance() -> str:
    """Returns an id for this process' collector; a later id is greater."""
    return f"{time.time_ns():020d}-{secrets.token_hex(4)}"


@dataclass(frozen=True)
class Standing:
    """What the last write found out."""

    clock_ahead_s: float = 0.0
    """Redis' own clock less this host's."""
    is_held: bool = False
    """Another collector reports as this host: this one wrote nothing, or its last sample."""
    is_shared: bool = False
    """Another collector wants to report as this host."""
    moved_back_s: float | None = None
    """How far the script moved the stream's entries back when it began anew."""

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """The part that viewers have to know."""
        found = []
        if abs(self.clock_ahead_s) > SLACK_S:
            found.append(Trouble(code=TroubleCode.CLOCK_DIFFERS, facts={"seconds": round(self.clock_ahead_s)}))
        if self.is_shared:
            found.append(Trouble(code=TroubleCode.TWO_COLLECTORS))
        return tuple(found)


@dataclass(frozen=True)
class _Clocks:
    """Redis' clock and this host's at one instant of the monotonic clock, and the correction of the first (s)."""

    mono_s: float
    redis_s: float
    wall_s: float
    offset_s: float


class Appender:
    """Writes the samples of one process."""

    def __init__(
        self, client: "Redis", *, instance: str = "", grace_s: float, wall: Callable[[], float] = time.time
    ) -> None:
        """`instance` "": anyone may write. `grace_s`: how long after its sending Redis may write a sample."""
        self._script = client.register_script(_SCRIPT)
        self._instance = instance
        self._grace_s = grace_s
        self._wall = wall
        self._clocks: _Clocks | None = None
        """As of the last answer."""
        self.standing = Standing()

    @property
    def instance(self) -> str:
        """The id of the writing collector; "" if anyone may write."""
        return self._instance

    def append(self, sample: Sample, interval_s: float, tables: bytes = b"") -> str | None:
        """Returns the entry's id; None if the slot is taken or another collector holds the name.

        `tables`: the workers' tables as JSON, which are written with the sample; b"" leaves the last ones.

        Tries twice, which is safe because writing is idempotent: a connection that died unnoticed costs one command.
        An answer "too late" that comes in time means that somebody set Redis' clock.
        """
        known = self._clocks
        deadline_s = known.redis_s - known.mono_s + time.monotonic() + self._grace_s if known else 0.0
        try:
            answer = self._ask(sample, interval_s, tables, deadline_s)
        except RedisTimeoutError:
            answer = self._ask(sample, interval_s, tables, deadline_s)
        if answer[0] == b"late":
            answer = self._ask(sample, interval_s, tables, answer[1] / 1000 + self._grace_s)
        return self._note(answer)

    def _ask(self, sample: Sample, interval_s: float, tables: bytes, deadline_s: float) -> list[Any]:
        now_mono_s, wall_s = time.monotonic(), self._wall()
        known = self._clocks
        due_s: tuple[float, ...] = (0.0, 0.0, 0.0)
        if known:
            passed_s = now_mono_s - known.mono_s
            due_s = (known.redis_s + passed_s, known.wall_s + passed_s, known.offset_s)
        host = sample.host
        names = [
            keys.SAMPLES,
            keys.HOSTS,
            keys.JOINED,
            keys.slots(host),
            keys.holder(host),
            keys.CLOCK,
            keys.workload(host),
        ]
        claim_s, lease_s = CLAIM_INTERVALS * interval_s, SILENT_INTERVALS * interval_s
        spans_s = (claim_s, keys.RETENTION_S, keys.HOST_RETENTION_S, lease_s)
        most = int(2 * keys.RETENTION_S / interval_s)  # Twice the samples that one host writes in that time.
        values: list[str | bytes | int] = [
            host, sample.to_json(), sample.slot, self._instance,
            *map(_ms, spans_s), most,
            _ms(deadline_s), _ms(wall_s), int(known is not None), *map(_ms, due_s),
            *map(_ms, (SLACK_S, LEAP_HOLD_S, AHEAD_HOLD_S)), MOVED, LEAST_ENTRIES,
            tables, _ms(max(keys.WORKLOAD_TTL_S, WORKLOAD_INTERVALS * interval_s)),
        ]  # fmt: skip
        return cast(list[Any], self._script(keys=names, args=values))

    def _note(self, answer: list[Any]) -> str | None:
        word, redis_ms = answer[0], answer[1]
        if word == b"late":
            return None
        wall_s = self._wall()
        self._clocks = _Clocks(time.monotonic(), redis_ms / 1000, wall_s, answer[2] / 1000)
        found = Standing(clock_ahead_s=redis_ms / 1000 - wall_s, is_held=word == b"held")
        if word == b"held":
            self.standing = found
            return None
        moved_ms = answer[6] if word == b"written" else b""
        moved_back_s = float(moved_ms) / 1000 if moved_ms else None
        self.standing = replace(found, is_shared=bool(answer[3]), is_held=bool(answer[4]), moved_back_s=moved_back_s)
        return answer[5].decode() if word == b"written" else None


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
