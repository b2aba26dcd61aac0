"""What a fault looks like from outside: two observers, one procedure, one row of the table.

A machine asks `/healthz`. A viewer holds the stream as the page does: it folds hello, samples and hosts into an age and
the services' words by the rules of static/js/state.js, and when the stream is lost it returns by those of feed.js.
"""

import itertools
import json
import math
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any, NamedTuple

from tests.faults.ward import HOST, Ward
from tests.process import wait_until

DETECT_BAR_S = 9.0
RECOVER_BAR_S = 10.0
RESOLUTION_S = 0.1
"""How often the observers look, and so how far a measured time may be off."""

GIVE_UP_S = 60.0
"""How long a recovery is waited for before the row says that there was none."""

SERVICES = ("database", "worker", "rabbitmq")


class View(NamedTuple):
    """What is told at one moment: `state` is pass, warn, fail or down of `/healthz`; live, delayed, stale, offline
    or empty of the page."""

    state: str
    services: Mapping[str, str]

    @property
    def is_well(self) -> bool:
        """Whether everything is said to be in order."""
        return self.state in ("pass", "live") and {*self.services.values()} == {"online"}


Sign = Callable[[View], bool]
"""Whether a view tells of the fault."""


def silence(view: View) -> bool:
    """No sample has come for three intervals, or the server itself is gone, and that is what is said."""
    return view.state in ("fail", "down", "stale", "offline", "empty")


def service(name: str, *words: str) -> Sign:
    """The service is no longer said to be online, but one of `words`."""
    return lambda view: view.services.get(name) in words


@dataclass(frozen=True, kw_only=True)
class Fault:
    """An outage: how it is caused and ended, and what must be said of it meanwhile."""

    name: str
    strike: Callable[[Ward], object]
    heal: Callable[[Ward], object] = lambda _: None
    """Takes the cause away; nothing else is ever done to help."""
    shows: Sign | None = silence
    """None: too short to be seen, or nothing that may show; see `must_stay_well`."""
    lasts_s: float = 0.0
    """At least; a fault that shows is healed only when it has been seen, or overdue."""
    must_stay_well: bool = False
    """Not one word may change."""
    stops_samples: bool = False
    """Redis or the collector is down or out of reach meanwhile, so that no sample can be taken or kept."""
    prepare: Callable[[Ward], object] = lambda _: None
    """What has to stand before it strikes."""
    during: Callable[[Ward, "Row"], object] = lambda *_: None
    """Called while it lasts, to look for more that is wrong and note it in the row."""
    check: Callable[[Ward, "Row", Sequence["Point"]], object] = lambda *_: None
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
    """What is outside of the bars."""
    notes: list[str] = field(default_factory=list)
    """What else was measured."""


class Point(NamedTuple):
    """A sample as it reached the viewer."""

    mono_s: float
    id_s: float
    id: str
    slot: int


class Viewer:
    """A page without a browser. Runs in a thread until stopped."""

    def __init__(self, ward: Ward) -> None:
        self._ward = ward
        self._is_open = self._was_open = False
        self._interval_s = ward.interval_s
        self._lead_s: float | None = None
        self._heard_at: float | None = None
        self._services: Mapping[str, str] = {}
        self._cursor: str | None = None
        self._stopping = threading.Event()
        self.points: list[Point] = []
        self.resets = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def view(self) -> View:
        """What the page says now."""
        if not self._is_open:
            return View("offline", self._services)
        if self._lead_s is None or self._heard_at is None:
            return View("empty", self._services)
        intervals = (self._lead_s + time.monotonic() - self._heard_at) / self._interval_s
        return View("stale" if intervals > 3 else "delayed" if intervals > 2 else "live", self._services)

    def stop(self) -> None:
        """Leave, at the next event or time-out."""
        self._stopping.set()

    def _run(self) -> None:
        attempt = 0
        while not self._stopping.is_set():
            try:
                self._follow()
                attempt = 0
            except (OSError, HTTPException, AssertionError):
                attempt = 0 if self._was_open else attempt + 1
            self._is_open = self._was_open = False
            # backoff.js: the ceiling doubles from 2 s to 30 s, the delay falls anywhere between 1 s and it.
            self._stopping.wait(1 + random.random() * (min(30.0, 2.0 ** (attempt + 1)) - 1))

    def _follow(self) -> None:
        path = "/stream" if self._cursor is None else f"/stream?after={self._cursor}"
        with self._ward.stream(path, timeout_s=20) as stream:
            for event in stream:
                if self._stopping.is_set() or event.type == "bye":
                    return
                self._fold(event.type, event.id, event.json)

    def _fold(self, kind: str, entry_id: str | None, data: Any) -> None:
        self._is_open = self._was_open = True
        now_mono_s = time.monotonic()
        match kind:
            case "hello":
                self._lead_s, self._interval_s = data["now"] - now_mono_s, data["interval_s"]
            case "hosts":
                known = [row for row in data["hosts"] if row["host"] == HOST]
                for row in known:
                    if self._lead_s is not None and row["age_s"] is not None:
                        self._heard_at = self._lead_s + now_mono_s - row["age_s"]
                    self._services = row["services"] or self._services
            case "system_stats" if entry_id and data["host"] == HOST:
                self._cursor = entry_id
                self._services = data["services"]
                id_s = int(entry_id.partition("-")[0]) / 1000
                if self._lead_s is None:
                    self._lead_s = id_s - now_mono_s
                self._heard_at = min(id_s, self._lead_s + now_mono_s)
                self.points.append(Point(now_mono_s, id_s, entry_id, data["slot"]))
            case "reset":
                self._cursor = None
                self.resets += 1


class Observation:
    """Both views from now on, noted whenever one changes."""

    def __init__(self, ward: Ward) -> None:
        self._ward = ward
        self.viewer = Viewer(ward)
        self._stopping = threading.Event()
        self.health: list[tuple[float, View]] = []
        self.page: list[tuple[float, View]] = []
        self._threads = [
            threading.Thread(target=self._watch, args=(trace, look), daemon=True)
            for trace, look in ((self.health, self._ask_health), (self.page, self.viewer.view))
        ]
        for thread in self._threads:
            thread.start()

    def is_well(self) -> bool:
        """Whether both say so now."""
        return all(trace and trace[-1][1].is_well for trace in (self.health, self.page))

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        self.viewer.stop()
        for thread in self._threads:
            thread.join(5)

    def _watch(self, trace: list[tuple[float, View]], look: Callable[[], View]) -> None:
        while not self._stopping.is_set():
            asked_mono_s = time.monotonic()
            view = look()
            if not trace or trace[-1][1] != view:
                trace.append((asked_mono_s, view))
            self._stopping.wait(RESOLUTION_S)

    def _ask_health(self) -> View:
        try:
            body = json.loads(self._ward.get("/healthz", role=None).body)
        except (OSError, HTTPException, ValueError):
            return View("down", {})
        return View(body["status"], body["services"])


def measure(ward: Ward, fault: Fault) -> Row:
    """Cause the fault at a random moment between two samples, end it, and watch until all is well again."""
    row = Row(fault=fault, notes=[fault.note] if fault.note else [])
    fault.prepare(ward)
    watch = Observation(ward)
    try:
        wait_until(watch.is_well, 40, f"all is well before: {fault.name}; {watch.health[-1:]} {watch.page[-1:]}")
        _await_points(watch, 1, 30)
        time.sleep(random.uniform(0.1, 0.9) * ward.interval_s)  # Not to wait for something: to come unawaited.
        struck = time.monotonic()
        fault.strike(ward)
        _await_signs(watch, fault, struck)
        fault.during(ward, row)
        fault.heal(ward)
        healed = time.monotonic()
        _await_recovery(watch, ward, struck if fault.heal is Fault.heal else healed)
    finally:
        watch.stop()
    row.health_s, row.page_s = (_first(trace, fault.shows, struck) for trace in (watch.health, watch.page))
    _judge(row, watch, ward, struck, struck if fault.heal is Fault.heal else healed)
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
        return spent_s >= fault.lasts_s and (seen or spent_s > 2 * DETECT_BAR_S)

    wait_until(is_over, max(fault.lasts_s, 2 * DETECT_BAR_S) + 5)


def _await_recovery(watch: Observation, ward: Ward, cause_gone: float) -> None:
    """Until all is well, a sample has come, and it stays so for another two."""
    end = time.monotonic() + GIVE_UP_S
    settle_s = 2.2 * ward.interval_s
    while time.monotonic() < end:
        points = [point for point in watch.viewer.points if point.mono_s > cause_gone]
        since = max((trace[-1][0] for trace in (watch.health, watch.page)), default=math.inf)
        if watch.is_well() and points and time.monotonic() - max(since, points[0].mono_s) > settle_s:
            return
        time.sleep(RESOLUTION_S)


def _first(trace: list[tuple[float, View]], sign: Sign | None, after: float) -> float | None:
    return next((at - after for at, view in list(trace) if sign and at >= after and sign(view)), None)


def _judge(row: Row, watch: Observation, ward: Ward, struck: float, cause_gone: float) -> None:
    fault, points = row.fault, watch.viewer.points
    back = next((point.mono_s for point in points if point.mono_s > cause_gone), None)
    well_since = max(trace[-1][0] for trace in (watch.health, watch.page))
    if back is not None and watch.is_well():
        row.recover_s = max(0.0, max(back, well_since) - cause_gone)
    recovered = cause_gone + (row.recover_s if row.recover_s is not None else GIVE_UP_S)
    for sooner, later in itertools.pairwise(points):
        missing = _missing(sooner, later, ward.interval_s)
        if fault.stops_samples and later.mono_s >= struck and sooner.mono_s <= recovered:
            row.gap += missing
        else:
            row.lost += missing
    row.doubled = count_doubled(ward, points)
    _hold_to_bars(row, watch, struck, ward)


def _hold_to_bars(row: Row, watch: Observation, struck: float, ward: Ward) -> None:
    fault = row.fault
    if fault.shows:
        for where, seen_s in (("/healthz", row.health_s), ("the page", row.page_s)):
            if seen_s is None:
                row.faults.append(f"not seen in {where}")
            elif seen_s > DETECT_BAR_S + RESOLUTION_S:
                row.faults.append(f"seen late in {where}")
    if fault.must_stay_well and any(
        at >= struck and not view.is_well for trace in (watch.health, watch.page) for at, view in trace
    ):
        row.faults.append("something was said to be wrong")
    if row.recover_s is None:
        row.faults.append(f"not well after {GIVE_UP_S:.0f} s")
    elif row.recover_s > RECOVER_BAR_S + RESOLUTION_S:
        row.faults.append("recovered late")
    if row.lost:
        row.faults.append(f"{row.lost} lost")
    if row.doubled:
        row.faults.append(f"{row.doubled} doubled")
    fault.check(ward, row, watch.viewer.points)


def _missing(sooner: Point, later: Point, interval_s: float) -> int:
    """How many slots lie between two samples; by the store's clock where the collector's was set meanwhile."""
    slots, by_store = later.slot - sooner.slot, round((later.id_s - sooner.id_s) / interval_s)
    return max(0, (slots if abs(slots - by_store) < 100 else by_store) - 1)


def count_doubled(ward: Ward, points: list[Point]) -> int:
    """Samples of one slot that the viewer got twice, or that stand twice in the stream."""
    stored = [
        json.loads(entry.sample) for entry in ward.store.since(0) if entry.host == HOST and _is_json(entry.sample)
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
