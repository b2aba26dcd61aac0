"""The clock as the patient: set by an hour, and set right again. Redis keeps the right time.

Done process by process with clock.c, compiled here and preloaded. libfaketime 0.9.10 does not do: Python's
`time.sleep` fails with EINVAL under it as soon as the monotonic clock is to be left alone.
"""

import shutil
import subprocess
from pathlib import Path
from tempfile import mkdtemp

from tests.faults.measure import Fault
from tests.faults.ward import Ward

COMPILER = shutil.which("cc")
"""None: there is none, and these faults cannot be tried."""

HOUR_S = 3600
TICKS, WEB = "beat and collector", "the web process"


class ClockWard(Ward):
    """A ward whose beat and collector go by one clock that can be set, and whose web process by another."""

    def __init__(self, interval_s: float) -> None:
        self._clocks = Path(mkdtemp(prefix="monitor-clock-"))
        library = self._clocks / "clock.so"
        source = Path(__file__).with_name("clock.c")
        subprocess.run([str(COMPILER), "-shared", "-fPIC", "-O2", "-o", library, source], check=True, timeout=30)
        for whose in (TICKS, WEB):
            self.set_clock(whose, 0)
        ticks, web = (
            ("env", f"LD_PRELOAD={library}", f"CLOCK_OFFSET_FILE={self._path(whose)}") for whose in (TICKS, WEB)
        )
        super().__init__(interval_s=interval_s, wraps={"beat": ticks, "collector": ticks, "web": web})

    def set_clock(self, whose: str, offset_s: int) -> None:
        """Set a clock to the right time and `offset_s`, at once."""
        unfinished = self._path(whose).with_suffix(".new")
        unfinished.write_text(str(offset_s))
        unfinished.rename(self._path(whose))

    def stop(self) -> None:
        super().stop()
        shutil.rmtree(self._clocks, ignore_errors=True)

    def _path(self, whose: str) -> Path:
        return self._clocks / whose.replace(" ", "-")


def make_ward(interval_s: float = 3.0) -> Ward:
    """A ward with clocks that can be set, where the machine can compile what sets them."""
    return ClockWard(interval_s) if COMPILER else Ward(interval_s=interval_s)


def _set(ward: Ward, whose: str, offset_s: int) -> None:
    assert isinstance(ward, ClockWard)
    ward.set_clock(whose, offset_s)


def _step(whose: str, offset_s: int) -> Fault:
    return Fault(
        name=f"Clock of {whose} set {'forward' if offset_s > 0 else 'back'} by an hour, and set right again",
        strike=lambda ward: _set(ward, whose, offset_s),
        heal=lambda ward: _set(ward, whose, 0),
        shows=None,
        lasts_s=15,
        must_stay_well=True,
        obstacle="" if COMPILER else "there is no C compiler",
    )


BACK, FORWARD = _step(TICKS, -HOUR_S), _step(TICKS, HOUR_S)
FAULTS = (FORWARD, BACK, _step(WEB, HOUR_S), _step(WEB, -HOUR_S))
