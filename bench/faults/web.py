"""Faults of the web process, alone and with two hundred viewers who must all come back."""

import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.faults.crowd import COUNT, Crowd
from bench.faults.measure import Fault, Row
from bench.faults.testbed import Testbed
from bench.faults.watch import Point, View
from store.samples.entries import Entry
from tests.process import wait_until

ALL_BACK_BAR_S = 35.0
HERD_S = 0.25
HERD_SHARE = 0.6
"""Spread out: no more than this share may come back within `HERD_S`."""


def lost(view: View) -> bool:
    """The server is gone, and that is what is said."""
    return view.state in ("down", "offline")


@dataclass
class CutOff:
    """Two hundred viewers whose server is sent a signal."""

    signum: signal.Signals
    _crowd: Crowd | None = field(default=None, init=False)
    _struck: float = field(default=0.0, init=False)

    def gather(self, testbed: Testbed) -> None:
        """Everybody has a stream and has had an event."""
        self._crowd = crowd = Crowd(testbed)
        wait_until(lambda: all(member.ids for member in crowd.members), 30, f"{COUNT} viewers watch")

    def strike(self, testbed: Testbed) -> None:
        """Send it."""
        self._struck = time.monotonic()
        testbed.process("web").send_signal(self.signum)

    def judge(self, testbed: Testbed, row: Row, _points: Sequence[Point]) -> None:
        """Who is back when, and whether anybody has missed an event or had one twice."""
        crowd = self._crowd
        assert crowd is not None
        try:
            wait_until(lambda: len(crowd.returns(self._struck)) == COUNT, 2 * ALL_BACK_BAR_S, "all viewers are back")
            newest = testbed.store.newest(1)[0].id
            wait_until(lambda: crowd.have_all(newest), 20, "all viewers have the newest event")
        except AssertionError as error:
            row.faults.append(f"{len(crowd.returns(self._struck))} of {COUNT} viewers are back: {error}")
        finally:
            crowd.stop()
        self._tell(row, crowd.returns(self._struck), crowd.knocks(self._struck))
        stream = [entry.id for entry in testbed.store.since(0) if _is_sample(entry)]
        torn = sum(not _is_part_of(member.ids, stream) for member in crowd.members)
        if torn:
            row.faults.append(f"{torn} viewers missed events, or had some twice")

    @staticmethod
    def _tell(row: Row, returns: list[float], knocks: list[float]) -> None:
        if not returns:
            return
        row.notes.append(f"all {len(returns)} back {returns[0]:.1f} to {returns[-1]:.1f} s after the signal")
        herd = max(sum(at <= other < at + HERD_S for other in knocks) for at in knocks)
        row.notes.append(f"{herd} at most reconnect within {HERD_S:g} s")
        if returns[-1] > ALL_BACK_BAR_S:
            row.faults.append("viewers back late")
        if herd > HERD_SHARE * len(knocks):
            row.faults.append("viewers come back as a herd")


def _is_sample(entry: Entry) -> bool:
    return not entry.is_farewell


def _is_part_of(ids: list[str], stream: list[str]) -> bool:
    """Whether they are a stretch of the stream without a gap."""
    start = stream.index(ids[0]) if ids[0] in stream else 0
    return stream[start : start + len(ids)] == ids


def _cut_off(signum: signal.Signals, words: str) -> Fault:
    viewers = CutOff(signum)
    return Fault(
        name=f"Web: {words}, {COUNT} viewers",
        prepare=viewers.gather,
        strike=viewers.strike,
        shows=lost,
        check=viewers.judge,
    )


TERMINATED = _cut_off(signal.SIGTERM, "SIGTERM")

FAULTS = (
    Fault(
        name="Web: its worker process killed (`kill -9`)",
        strike=lambda testbed: testbed.process("web").children()[0].kill(),
        shows=None,
        lasts_s=3,
        note="the worker is back within a second or two; requests wait that long",
    ),
    _cut_off(signal.SIGKILL, "`kill -9`"),
    TERMINATED,
)
