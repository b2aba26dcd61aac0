"""How a sample is written: once, under the clock that has not jumped, by the one collector that holds the host's name.

One script, `append.lua`, does it all, so that nothing comes between its parts. What it is told of this process:

- Its clocks. Entries get ids by Redis' clock. Where that has jumped and the monotonic clock here says so, the script
  keeps an `offset` that takes the jump out until it is over: all who stamp or judge an age add it (`keys.CLOCK`). A
  jump that this machine's own clock has made as well is followed. Ids that stay ahead of the clock for `AHEAD_HOLD_S`
  are moved back, and the stream begins anew.
- Its instance. Of several collectors of one name the last that started writes; the others are told that the name is
  held, until that one has been silent for the length of the lease. It says at its start that it is there: ticks come
  by one queue, and the one that has had the last one may have the next ones, too, for minutes.
- A deadline by Redis' clock: a Redis that was frozen executes when it wakes what has long been given up.

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
"""So far two clocks may be apart before one of them counts as wrong: more than a slow answer and a step of NTP's."""

LEAP_HOLD_S = 600
"""So long nothing is trimmed by age after the clock has leapt: it may leap back."""

AHEAD_HOLD_S = 30
"""So long ids may be ahead of the clock: one that was wrong for a moment leaves nothing to be moved."""

MOVED = 10_000
"""Entries, the newest, that a stream keeps when it begins anew: some 50 ms of Redis."""

LEAST_ENTRIES = 20_000
"""So many entries may stand in any case, whatever the clocks say."""

SILENT_INTERVALS = 3
"""A name is free after its holder was silent for so many intervals."""

CLAIM_INTERVALS = 3.5
"""How long a written slot stays claimed: longer than a tick may be late, which expires after three intervals. No longer
than that: a clock set back makes old slots come again, and until their claims expire their samples are dropped."""

_SCRIPT = Path(__file__).with_name("append.lua").read_text(encoding="utf-8")


def make_instance() -> str:
    """An id for this process' collector; of two the later one is the greater."""
    return f"{time.time_ns():020d}-{secrets.token_hex(4)}"


@dataclass(frozen=True)
class Standing:
    """What the last write has found out, beside writing."""

    clock_ahead_s: float = 0.0
    """Redis' own clock less this host's."""
    is_held: bool = False
    """Another collector reports as this host: nothing was written, or what was is the last before that one's."""
    is_shared: bool = False
    """Another collector wants to."""
    moved_back_s: float | None = None
    """The stream began anew, and what it held was moved back by so much."""

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """What of it the viewers have to know."""
        found = []
        if abs(self.clock_ahead_s) > SLACK_S:
            found.append(Trouble(code=TroubleCode.CLOCK_DIFFERS, facts={"seconds": round(self.clock_ahead_s)}))
        if self.is_shared:
            found.append(Trouble(code=TroubleCode.TWO_COLLECTORS))
        return tuple(found)


@dataclass(frozen=True)
class _Clocks:
    """Redis' clock and this host's at one instant of the monotonic clock; what is added to the first (s)."""

    mono_s: float
    redis_s: float
    wall_s: float
    offset_s: float


class Appender:
    """Writes the samples of one process."""

    def __init__(
        self, client: "Redis", *, instance: str = "", grace_s: float, wall: Callable[[], float] = time.time
    ) -> None:
        """`instance` "": whoever comes may write. `grace_s`: how long after it was sent a sample may be written."""
        self._script = client.register_script(_SCRIPT)
        self._instance = instance
        self._grace_s = grace_s
        self._wall = wall
        self._clocks: _Clocks | None = None
        """As of the last answer."""
        self.standing = Standing()

    @property
    def instance(self) -> str:
        """Whose samples these are; "" where whoever comes may write."""
        return self._instance

    def append(self, sample: Sample, interval_s: float) -> str | None:
        """The id; None where the slot is taken or the name is held.

        Tried twice, since writing is idempotent: that a connection has died unnoticed costs a command to find out. An
        answer that says "too late" has come in time: that clock was set.
        """
        known = self._clocks
        deadline_s = known.redis_s - known.mono_s + time.monotonic() + self._grace_s if known else 0.0
        try:
            answer = self._ask(sample, interval_s, deadline_s)
        except RedisTimeoutError:
            answer = self._ask(sample, interval_s, deadline_s)
        if answer[0] == b"late":
            answer = self._ask(sample, interval_s, answer[1] / 1000 + self._grace_s)
        return self._note(answer)

    def _ask(self, sample: Sample, interval_s: float, deadline_s: float) -> list[Any]:
        now_mono_s, wall_s = time.monotonic(), self._wall()
        known = self._clocks
        due_s: tuple[float, ...] = (0.0, 0.0, 0.0)
        if known:
            passed_s = now_mono_s - known.mono_s
            due_s = (known.redis_s + passed_s, known.wall_s + passed_s, known.offset_s)
        host = sample.host
        names = [keys.SAMPLES, keys.HOSTS, keys.JOINED, keys.slots(host), keys.holder(host), keys.CLOCK]
        claim_s, lease_s = CLAIM_INTERVALS * interval_s, SILENT_INTERVALS * interval_s
        spans_s = (claim_s, keys.RETENTION_S, keys.HOST_RETENTION_S, lease_s)
        most = int(2 * keys.RETENTION_S / interval_s)  # Twice the samples that one host writes in that time.
        values: list[str | bytes | int] = [
            host, sample.to_json(), sample.slot, self._instance,
            *map(_ms, spans_s), most,
            _ms(deadline_s), _ms(wall_s), int(known is not None), *map(_ms, due_s),
            *map(_ms, (SLACK_S, LEAP_HOLD_S, AHEAD_HOLD_S)), MOVED, LEAST_ENTRIES,
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
