"""The clocks as the patient: each set, and set right again, of beat and collector, of the web process, of Redis.

Done process by process, see `tests.clocks`.
"""

from collections.abc import Sequence

from store import keys
from store.history.steps import MINUTE_S, begin
from tests.clocks import COMPILER, Clocks
from tests.faults.measure import Fault, Row
from tests.faults.ward import HOST, Ward
from tests.faults.watch import Point, View
from tests.process import wait_until

HOUR_S = 3600
TEN_MINUTES_S = 600
DAY_S = 86_400
TICKS, WEB, REDIS = "beat and collector", "the web process", "Redis"


class ClockWard(Ward):
    """A ward whose beat and collector go by one clock that can be set, whose web process and Redis by another each."""

    def __init__(self, interval_s: float) -> None:
        self.clocks = Clocks()
        ticks, web, redis = (self.clocks.wrap(whose) for whose in (TICKS, WEB, REDIS))
        wraps = {"beat": ticks, "collector": ticks, "web": web, "redis": redis}
        super().__init__(interval_s=interval_s, wraps=wraps)

    def stop(self) -> None:
        super().stop()
        self.clocks.close()


def make_ward(interval_s: float = 3.0) -> Ward:
    """A ward with clocks that can be set, where the machine can compile what sets them."""
    return ClockWard(interval_s) if COMPILER else Ward(interval_s=interval_s)


def _set(ward: Ward, whose: str, offset_s: int) -> None:
    assert isinstance(ward, ClockWard)
    ward.clocks.set(whose, offset_s)


def is_told(view: View) -> bool:
    """That the clocks differ."""
    return "clock_differs" in view.troubles


def _step(whose: str, offset_s: int) -> Fault:
    return Fault(
        name=f"Clock of {whose} set {'forward' if offset_s > 0 else 'back'} by an hour, and set right again",
        strike=lambda ward: _set(ward, whose, offset_s),
        heal=lambda ward: _set(ward, whose, 0),
        shows=None if whose == WEB else is_told,
        lasts_s=15,
        must_stay_well=whose == WEB,
        obstacle="" if COMPILER else "there is no C compiler",
    )


def _step_of_redis(offset_s: int, words: str) -> Fault:
    return Fault(
        name=f"Clock of Redis set {words} for 20 s, and set right again",
        strike=lambda ward: _set(ward, REDIS, offset_s),
        heal=lambda ward: _set(ward, REDIS, 0),
        shows=is_told,
        lasts_s=20,
        check=_hold_the_stream,
        obstacle="" if COMPILER else "there is no C compiler",
    )


def _hold_the_stream(ward: Ward, row: Row, points: Sequence[Point]) -> None:
    """Nothing of the future is left behind, all that the viewer got is held, and the minute in hand reaches SQL."""
    held = {entry.id for entry in ward.store.since(0)}
    now_s = ward.store.now_s()
    if any(keys.id_seconds(entry_id) > now_s + 1 for entry_id in held):
        row.faults.append("entries of the future are left")
    if gone := sum(point.id not in held for point in points):
        row.faults.append(f"{gone} entries gone from the stream")
    minute = begin(keys.id_seconds(points[-1].id), MINUTE_S)
    wait_until(lambda: (ward.history.newest_at(HOST, MINUTE_S, before_s=now_s * 2) or 0) >= minute, 130, "the minute")
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
