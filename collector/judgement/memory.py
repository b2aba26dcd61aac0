"""What the collector remembers from sample to sample. [pure]

All of it is lost when the collector ends: then it is unknown, and nothing is said of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from collector.judgement.flow import LACKS
from collector.judgement.resources import is_busy
from collector.judgement.situation import Outage, Past
from collector.judgement.trend import Depths
from collector.probes.broker.departures import Movement
from store.samples.model import Sample
from store.samples.verdict import Level, Verdict

PAUSE_MEMORY_S = 600.0
"""How long a pause between two departures counts as usual."""

OUTAGE_MEMORY_S = 600.0
"""How long an outage is told of after its end."""

UNSEEN_S = 30.0
"""After a longer time without a sample nobody knows when an outage began or ended."""


@dataclass(frozen=True)
class _Pause:
    """The longest time for which messages of a queue waited until one left, and when that was."""

    longest_s: float = 0.0
    at_s: float = 0.0
    present_s: float = 0.0
    """The pause under way; 0 = none."""


class Memory:
    """Remembers one host's samples. All times are monotonic seconds."""

    def __init__(self) -> None:
        self._busy_samples = 0
        self._held_at_s: float | None = None
        self._pauses: dict[str, _Pause] = {}
        self._depths = Depths()
        self._seen_at_s: float | None = None
        self._bad_since_s: float | None = None
        self._lacking_since_s: float | None = None
        self._ended: tuple[float, float] | None = None
        """When the last outage ended, and how long it lasted."""

    def recall(self, sample: Sample, movements: Mapping[str, Movement], now_s: float) -> Past:
        """Take a sample, and tell what is remembered at its moment."""
        self._busy_samples = self._busy_samples + 1 if is_busy(sample) else 0
        if any(queue.ready or queue.peak for queue in sample.queues):
            self._held_at_s = now_s
        is_outage = self._bad_since_s is not None
        self._pauses = {
            name: _follow(self._pauses.get(name, _Pause()), movement.still_s or 0.0, now_s, is_outage=is_outage)
            for name, movement in movements.items()
        }
        return Past(
            busy_samples=self._busy_samples,
            held_s=None if self._held_at_s is None else now_s - self._held_at_s,
            pauses_s={name: pause.longest_s for name, pause in self._pauses.items() if pause.longest_s},
            trends=self._depths.follow(sample.queues, now_s),
            outage=self._outage(now_s),
            lacking_s=0.0 if self._lacking_since_s is None else now_s - self._lacking_since_s,
        )

    def note(self, verdict: Verdict, now_s: float) -> None:
        """Take the verdict on the sample."""
        if self._seen_at_s is not None and now_s - self._seen_at_s > UNSEEN_S:
            self._bad_since_s = self._lacking_since_s = None
        self._seen_at_s = now_s
        if any(finding.code == LACKS for finding in (verdict, *verdict.also)):
            self._lacking_since_s = self._lacking_since_s or now_s
        else:
            self._lacking_since_s = None
        if verdict.level is Level.BAD:
            # A standstill began when the last message left, not when it was proven.
            self._bad_since_s = self._bad_since_s or now_s - float(verdict.facts.get("idle_s", 0))
        elif self._bad_since_s is not None and verdict.level is not Level.UNKNOWN:
            self._ended, self._bad_since_s = (now_s, now_s - self._bad_since_s), None

    def _outage(self, now_s: float) -> Outage | None:
        if self._ended is None or now_s - self._ended[0] > OUTAGE_MEMORY_S:
            return None
        return Outage(lasted_s=self._ended[1], ended_s=now_s - self._ended[0])


def _follow(pause: _Pause, still_s: float, now_s: float, *, is_outage: bool) -> _Pause:
    """A pause ends when a message leaves: then the time since the last departure is shorter than before.

    A pause that was an outage is not usual.
    """
    if pause.longest_s and now_s - pause.at_s > PAUSE_MEMORY_S:
        pause = replace(pause, longest_s=0.0)
    if still_s < pause.present_s and pause.present_s >= pause.longest_s and not is_outage:
        pause = replace(pause, longest_s=pause.present_s, at_s=now_s)
    return replace(pause, present_s=still_s)
