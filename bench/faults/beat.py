"""Faults of beat: none for a moment, and too many."""

import contextlib
from dataclasses import dataclass, field

import psutil

from bench.faults.measure import Fault
from bench.faults.testbed import Testbed
from standalone.programs import BEAT
from tests.web import ROOT


@dataclass
class MoreBeats:
    """Beats for the same host beside the testbed's own."""

    count: int
    _started: list[psutil.Popen] = field(default_factory=list)

    def start(self, testbed: Testbed) -> None:
        """Start them."""
        with (testbed.data_dir / "log" / "more-beats.log").open("ab") as log:
            for _ in range(self.count):
                environ = {**psutil.Process().environ(), **testbed.environ}
                self._started.append(psutil.Popen(BEAT.command, env=environ, cwd=ROOT, stdout=log, stderr=log))

    def stop(self, _testbed: Testbed) -> None:
        """Kill them."""
        for process in self._started:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
            process.wait(5)
        self._started.clear()


def _crowd(count: int) -> Fault:
    more = MoreBeats(count - 1)
    return Fault(
        name=f"Beat: {count} for one host",
        strike=more.start,
        heal=more.stop,
        shows=None,
        lasts_s=15,
        must_stay_well=True,
    )


TWO = _crowd(2)

FAULTS = (
    Fault(name="Beat: `kill -9`", strike=lambda testbed: testbed.kill("beat"), shows=None, lasts_s=5),
    TWO,
    _crowd(3),
)
