"""Faults of the clocks of beat and collector, of the web process and of Redis: each is set wrong, then right again.

Done process by process, see `tests.clocks`.
"""

from collections.abc import Sequence

from bench.faults.measure import Fault, Row
from bench.faults.testbed import HOST, Testbed
from bench.faults.watch import Point, View
from store import keys
from store.history.steps import MINUTE_S, begin
from tests.clocks import COMPILER, Clocks
from tests.process import wait_until

HOUR_S = 3600
TEN_MINUTES_S = 600
DAY_S = 86_400
TICKS, WEB, REDIS = "beat and collector", "the web process", "Redis"


class ClockTestbed(Testbed):
    """A testbed with three clocks that can be set: of beat and collector, of the web process, of Redis."""

    def __init__(self, interval_s: float) -> None:
        self.clocks = Clocks()
        ticks, web, redis = (self.clocks.wrap(whose) for whose in (TICKS, WEB, REDIS))
        wraps = {"beat": ticks, "collector": ticks, "web": web, "redis": redis}
        super().__init__(interval_s=interval_s, wraps=wraps)

    def stop(self) -> None:
        super().stop()
        self.clocks.close()


def make_testbed(interval_s: float = 3.0) -> Testbed:
    """A testbed with clocks that can be set, where the machine can compile what sets them."""
    return ClockTestbed(interval_s) if COMPILER else Testbed(interval_s=interval_s)


def _set(testbed: Testbed, whose: str, offset_s: int) -> None:
    assert isinstance(testbed, ClockTestbed)
    testbed.clocks.set(whose, offset_s)


def is_told(view: View) -> bool:
    """That the clocks differ."""
    return "clock_differs" in view.troubles


def _step(whose: str, offset_s: int) -> Fault:
    return Fault(
        name=f"Clock of {whose} set {'forward' if offset_s > 0 else 'back'} by an hour, then corrected",
        strike=lambda testbed: _set(testbed, whose, offset_s),
        heal=lambda testbed: _set(testbed, whose, 0),
        shows=None if whose == WEB else is_told,
        lasts_s=15,
        must_stay_well=whose == WEB,
        obstacle="" if COMPILER else "there is no C compiler",
    )


def _step_of_redis(offset_s: int, words: str) -> Fault:
    return Fault(
        name=f"Clock of Redis set {words} for 20 s, then corrected",
        strike=lambda testbed: _set(testbed, REDIS, offset_s),
        heal=lambda testbed: _set(testbed, REDIS, 0),
        shows=is_told,
        lasts_s=20,
        check=_hold_the_stream,
        obstacle="" if COMPILER else "there is no C compiler",
    )


def _hold_the_stream(testbed: Testbed, row: Row, points: Sequence[Point]) -> None:
    """Nothing of the future is left behind, all that the viewer got is held, and the minute in hand reaches SQL."""
    held = {entry.id for entry in testbed.store.since(0)}
    now_s = testbed.store.now_s()
    if any(keys.id_seconds(entry_id) > now_s + 1 for entry_id in held):
        row.faults.append("entries of the future are left")
    if gone := sum(point.id not in held for point in points):
        row.faults.append(f"{gone} entries gone from the stream")
    minute = begin(keys.id_seconds(points[-1].id), MINUTE_S)
    wait_until(
        lambda: (testbed.history.newest_at(HOST, MINUTE_S, before_s=now_s * 2) or 0) >= minute, 130, "the minute"
    )
    row.notes.append("all entries kept; the next minute reached SQL")


BACK, FORWARD = _step(TICKS, -HOUR_S), _step(TICKS, HOUR_S)
FAULTS = (
    FORWARD,
    BACK,
    _step(WEB, HOUR_S),
    _step(WEB, -HOUR_S),
    _step_of_redis(TEN_MINUTES_S, "forward by 10 minutes"),
    _step_of_redis(-TEN_MINUTES_S, "back by 10 minutes"),
    _step_of_redis(DAY_S, "forward by a day"),
)
