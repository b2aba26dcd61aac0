"""What the panel says while something is broken: to a machine by `/healthz`, to a viewer by the stream.

The viewer is a page without a browser: it folds hello, samples and hosts into an age and the services' words by the
rules of static/js/model/state.js, and when the stream is lost it returns by those of static/js/net/backoff.js.
"""

import json
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPException
from typing import Any, NamedTuple

from bench.faults.testbed import HOST, Testbed

RESOLUTION_S = 0.1
"""How often the observers look, and so how far a measured time may be off."""


class View(NamedTuple):
    """What is told at one moment: `state` is pass, warn, fail or down of `/healthz`; live, delayed, stale, offline
    or empty of the page."""

    state: str
    services: Mapping[str, str]
    troubles: Sequence[str] = ()
    """Codes of what is wrong with the watching itself."""
    level: str = ""
    """How bad the page calls it; "" of `/healthz`, whose state says so."""
    cause: str = ""
    """Code of the cause that the page names; "" where it names none, and of `/healthz`."""

    @property
    def is_well(self) -> bool:
        """Whether everything is said to be in order. A full CPU is a warning, and measuring fills it."""
        is_said = self.state in ("pass", "warn", "live") and self.level != "bad"
        return is_said and {*self.services.values()} == {"online"} and not self.troubles


Sign = Callable[[View], bool]
"""Whether a view tells of the fault."""


def standstill(view: View) -> bool:
    """Messages do not go through, and that is what is said."""
    return "bad" in (view.level, _LEVELS.get(view.state)) and view.services.get("worker") == "offline"


_LEVELS = {"warn": "attention", "fail": "bad"}


def silence(view: View) -> bool:
    """No sample has come for three intervals, or the server itself is gone, and that is what is said."""
    return view.state in ("fail", "down", "stale", "offline", "empty")


def service(name: str, *words: str) -> Sign:
    """The service is no longer said to be online, but one of `words`."""
    return lambda view: view.services.get(name) in words


class Point(NamedTuple):
    """A sample as it reached the viewer."""

    mono_s: float
    id_s: float
    id: str
    slot: int


class Viewer:
    """A page without a browser. Runs in a thread until stopped."""

    def __init__(self, testbed: Testbed) -> None:
        self._testbed = testbed
        self._is_open = self._was_open = False
        self._interval_s = testbed.interval_s
        self._lead_s: float | None = None
        self._heard_at: float | None = None
        self._services: Mapping[str, str] = {}
        self._troubles: Sequence[str] = ()
        self._level = self._cause = ""
        self._cursor: str | None = None
        self._stopping = threading.Event()
        self.points: list[Point] = []
        self.resets = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def view(self) -> View:
        """What the page says now."""
        return View(self._state(), self._services, self._troubles, self._level, self._cause)

    def _state(self) -> str:
        if not self._is_open:
            return "offline"
        if self._lead_s is None or self._heard_at is None:
            return "empty"
        intervals = (self._lead_s + time.monotonic() - self._heard_at) / self._interval_s
        return "stale" if intervals > 3 else "delayed" if intervals > 2 else "live"

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
            # backoff.js: the ceiling doubles from 2 s to 8 s, the delay falls anywhere between 1 s and it.
            self._stopping.wait(1 + random.random() * (min(8.0, 2.0 ** (attempt + 1)) - 1))

    def _follow(self) -> None:
        path = "/stream" if self._cursor is None else f"/stream?after={self._cursor}"
        with self._testbed.stream(path, timeout_s=20) as stream:
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
                self._troubles = [trouble["code"] for trouble in data["troubles"]]
                verdict = data["verdict"] or {"level": "", "cause": None}
                self._level, self._cause = verdict["level"], (verdict["cause"] or {"code": ""})["code"]
                id_s = int(entry_id.partition("-")[0]) / 1000
                if self._lead_s is None:
                    self._lead_s = id_s - now_mono_s
                self._heard_at = min(id_s, self._lead_s + now_mono_s)
                self.points.append(Point(now_mono_s, id_s, entry_id, data["slot"]))
            case "reset":
                self._cursor = None
                self._lead_s = data["now"] - now_mono_s if data["now"] is not None else self._lead_s
                self.resets += 1


class Observation:
    """Both views from now on, noted whenever one changes."""

    def __init__(self, testbed: Testbed) -> None:
        self._testbed = testbed
        self.viewer = Viewer(testbed)
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
            body = json.loads(self._testbed.get("/healthz", role=None).body)
        except (OSError, HTTPException, ValueError):
            return View("down", {})
        return View(body["status"], body["services"], body.get("reasons", ()))
