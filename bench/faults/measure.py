"""One procedure for every fault, and one row of the table that comes of it."""

import itertools
import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.faults.testbed import HOST, Testbed
from bench.faults.watch import RESOLUTION_S, Observation, Point, Sign, View, silence
from tests.process import wait_until

DETECT_BAR_S = 9.0
"""How soon a fault is seen, where it does not say otherwise itself."""
RECOVER_BAR_S = 10.0
GIVE_UP_S = 60.0
"""How long a recovery is waited for before the row says that there was none."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """An outage: how it is caused and ended, and what must be said of it meanwhile."""

    name: str
    strike: Callable[[Testbed], object]
    heal: Callable[[Testbed], object] = lambda _: None
    """Takes the cause away; nothing else is ever done to help."""
    shows: Sign | None = silence
    """None: too short to be seen, or nothing that may show; see `must_stay_well`."""
    detect_bar_s: float = DETECT_BAR_S
    cause: str = ""
    """Code of the cause that the page must name before the fault is healed; the row notes when it does."""
    lasts_s: float = 0.0
    """At least; a fault that shows is healed only when it has been seen, or overdue."""
    must_stay_well: bool = False
    """Not one word may change."""
    stops_samples: bool = False
    """Redis or the collector is down or out of reach meanwhile, so that no sample can be taken or kept."""
    prepare: Callable[[Testbed], object] = lambda _: None
    """What has to stand before it strikes."""
    during: Callable[[Testbed, "Row"], object] = lambda *_: None
    """Called while it lasts, to look for more that is wrong and note it in the row."""
    check: Callable[[Testbed, "Row", Sequence["Point"]], object] = lambda *_: None
    """The same at the end, of what has reached the viewer."""
    note: str = ""
    obstacle: str = ""
    """Why it cannot be tried on this machine; the table says so."""


@dataclass(kw_only=True)
class Row:
    """A fault, measured. Times in s; None where there was nothing to see."""

    fault: Fault
    health_s: float | None = None
    page_s: float | None = None
    recover_s: float | None = None
    lost: int = 0
    doubled: int = 0
    gap: int = 0
    """Samples that could not be, since Redis or the collector was away."""
    faults: list[str] = field(default_factory=list)
    """What is wrong, however quick the machine is."""
    late: list[str] = field(default_factory=list)
    """What took longer than its bar, on a machine that has nothing else to do."""
    notes: list[str] = field(default_factory=list)
    """What else was measured."""

    @property
    def outside(self) -> list[str]:
        """The targets that were missed."""
        return [*self.faults, *self.late]


def measure(testbed: Testbed, fault: Fault) -> Row:
    """Cause the fault at a random moment between two samples, end it, and watch until all is well again."""
    row = Row(fault=fault, notes=[fault.note] if fault.note else [])
    fault.prepare(testbed)
    watch = Observation(testbed)
    try:
        wait_until(watch.is_well, 40, f"all is well before: {fault.name}; {watch.health[-1:]} {watch.page[-1:]}")
        _await_points(watch, 1, 30)
        time.sleep(random.uniform(0.1, 0.9) * testbed.interval_s)  # Not to wait for something: to come unawaited.
        struck = time.monotonic()
        fault.strike(testbed)
        _await_signs(watch, fault, struck)
        _await_cause(row, watch, struck)
        fault.during(testbed, row)
        fault.heal(testbed)
        healed = time.monotonic()
        _await_recovery(watch, fault, testbed, struck if fault.heal is Fault.heal else healed)
    finally:
        watch.stop()
    row.health_s, row.page_s = (_first(trace, fault.shows, struck) for trace in (watch.health, watch.page))
    _judge(row, watch, testbed, struck, struck if fault.heal is Fault.heal else healed)
    return row


def _await_points(watch: Observation, count: int, deadline_s: float) -> None:
    wanted = len(watch.viewer.points) + count
    wait_until(lambda: len(watch.viewer.points) >= wanted, deadline_s, "samples come")


def _await_signs(watch: Observation, fault: Fault, struck: float) -> None:
    def is_over() -> bool:
        spent_s = time.monotonic() - struck
        seen = fault.shows is None or all(
            _first(trace, fault.shows, struck) is not None for trace in (watch.health, watch.page)
        )
        return spent_s >= fault.lasts_s and (seen or spent_s > 2 * fault.detect_bar_s)

    wait_until(is_over, max(fault.lasts_s, 2 * fault.detect_bar_s) + 5)


def _await_cause(row: Row, watch: Observation, struck: float) -> None:
    """Until the page names the cause. That takes longer: it has to be proven."""
    cause, end = row.fault.cause, time.monotonic() + GIVE_UP_S
    if not cause:
        return

    def named_s() -> float | None:
        return _first(watch.page, lambda view: view.cause == cause, struck)

    while named_s() is None and time.monotonic() < end:
        time.sleep(RESOLUTION_S)
    if (after_s := named_s()) is None:
        row.faults.append(f"`{cause}` is not named")
    else:
        row.notes.append(f"`{cause}` named after {after_s:.0f} s")


def _await_recovery(watch: Observation, fault: Fault, testbed: Testbed, cause_gone: float) -> None:
    """Until all is well, a sample has come, and it stays so for another two."""
    end = time.monotonic() + GIVE_UP_S
    settle_s = 2.2 * testbed.interval_s
    while time.monotonic() < end:
        points = [point for point in watch.viewer.points if point.mono_s > cause_gone]
        since = max(trace[-1][0] for trace in (watch.health, watch.page))
        if _is_well(watch, fault) and points and time.monotonic() - max(since, points[0].mono_s) > settle_s:
            return
        time.sleep(RESOLUTION_S)


def _is_well(watch: Observation, fault: Fault) -> bool:
    """Whether both say so, and the page tells of the fault no more, which may be no more than worth attention."""
    return watch.is_well() and not (fault.shows and fault.shows(watch.page[-1][1]))


def _stood(trace: list[tuple[float, View]], sign: Sign, at_mono_s: float) -> bool:
    """Whether the sign was there already."""
    before = [view for at, view in list(trace) if at < at_mono_s]
    return bool(before) and sign(before[-1])


def _first(trace: list[tuple[float, View]], sign: Sign | None, after: float) -> float | None:
    return next((at - after for at, view in list(trace) if sign and at >= after and sign(view)), None)


def _judge(row: Row, watch: Observation, testbed: Testbed, struck: float, cause_gone: float) -> None:
    fault, points = row.fault, watch.viewer.points
    back = next((point.mono_s for point in points if point.mono_s > cause_gone), None)
    well_since = max(trace[-1][0] for trace in (watch.health, watch.page))
    if back is not None and _is_well(watch, fault):
        row.recover_s = max(0.0, max(back, well_since) - cause_gone)
    recovered = cause_gone + (row.recover_s if row.recover_s is not None else GIVE_UP_S)
    for sooner, later in itertools.pairwise(points):
        missing = _missing(sooner, later, testbed.interval_s)
        if fault.stops_samples and later.mono_s >= struck and sooner.mono_s <= recovered:
            row.gap += missing
        else:
            row.lost += missing
    row.doubled = count_doubled(testbed, points)
    _hold_to_bars(row, watch, struck, testbed)


def _hold_to_bars(row: Row, watch: Observation, struck: float, testbed: Testbed) -> None:
    fault = row.fault
    if fault.shows:
        seen = (("/healthz", row.health_s, watch.health), ("the page", row.page_s, watch.page))
        for where, seen_s, trace in seen:
            if seen_s is None and _stood(trace, fault.shows, struck):
                row.notes.append(f"{where} said so before, for another reason")
            elif seen_s is None:
                row.faults.append(f"not seen in {where}")
            elif seen_s > fault.detect_bar_s + RESOLUTION_S:
                row.late.append(f"seen late in {where}")
    if fault.must_stay_well:
        said = [view for trace in (watch.health, watch.page) for at, view in trace if at >= struck and not view.is_well]
        row.faults.extend(f"said: {view.state} {dict(view.services)}" for view in said)
    if row.recover_s is None:
        row.faults.append(f"not well after {GIVE_UP_S:.0f} s")
    elif row.recover_s > RECOVER_BAR_S + RESOLUTION_S:
        row.late.append("recovered late")
    if row.lost:
        row.faults.append(f"{row.lost} lost")
    if row.doubled:
        row.faults.append(f"{row.doubled} doubled")
    fault.check(testbed, row, watch.viewer.points)


def _missing(sooner: Point, later: Point, interval_s: float) -> int:
    """How many slots lie between two samples; by the store's clock where the collector's was set meanwhile."""
    slots, by_store = later.slot - sooner.slot, round((later.id_s - sooner.id_s) / interval_s)
    return max(0, (slots if abs(slots - by_store) < 100 else by_store) - 1)


def count_doubled(testbed: Testbed, points: list[Point]) -> int:
    """Samples of one slot that the viewer got twice, or that stand twice in the stream."""
    stored = [
        json.loads(entry.sample) for entry in testbed.store.since(0) if entry.host == HOST and _is_json(entry.sample)
    ]
    slots = [(sample["host"], sample["slot"]) for sample in stored]
    twice = len(slots) - len(set(slots))
    return max(twice, len(points) - len({point.slot for point in points}), len(points) - len({p.id for p in points}))


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return False
    return True
