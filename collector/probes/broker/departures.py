"""For how long messages have waited in a queue without one leaving. [pure]

Whether messages leave decides the workers' check; answers to a ping only explain it.
"""

from dataclasses import dataclass, replace

from store.samples.model import Queue, QueueState


@dataclass(frozen=True, kw_only=True)
class Movement:
    """How messages leave one queue."""

    still_s: float | None = None
    """For how long, at least, messages have waited while none was seen leaving; None = nothing waits, or unknown."""
    apparent_s: float | None = None
    """The same as the depth shows it, as far as late counters do not contradict. None = no counter is late."""
    is_certain: bool = False
    """Whether really none left in that time. If False, one may have left unseen because another one came."""
    unchanged_s: float | None = None
    """For how long the depth has not changed at all while messages waited."""
    departed_s: float | None = None
    """How long ago a message was last seen leaving; None = never."""

    def joined_with(self, seen: "Movement", *, late_s: float = 0.0) -> "Movement":
        """This movement, from counters that tell of departures `late_s` late, joined with what the depth shows at once.

        Only the depth tells when the wait began: the counters' own depth is late, too.
        """
        seen_s = None if seen.still_s is None else max(0.0, seen.still_s - late_s)
        stills = [each for each in (self.still_s, seen_s) if each is not None]
        apparent = [each for each in (self.apparent_s, seen.still_s) if each is not None]
        departed = [each for each in (self.departed_s, seen.departed_s) if each is not None]
        return replace(
            self,
            # The wait ends as soon as either source says so, and begins once both do.
            still_s=min(stills) if len(stills) == 2 else None,
            apparent_s=min(apparent) if len(apparent) == 2 else None,
            departed_s=min(departed, default=None),
        )


@dataclass(frozen=True, kw_only=True)
class _Track:
    ready: int
    consumers: int | None
    waiting_since_s: float
    changed_at_s: float
    departed_at_s: float | None = None
    joined: tuple[int, float | None] | None = None
    """`ready` and `departed_at_s` from before the last consumer joined."""


class Departures:
    """Follows the watched queues, reading by reading. All times are monotonic seconds."""

    def __init__(self, *, is_certain: bool, lag_s: float = 0.0) -> None:
        """`is_certain`: every departure is noticed, at most `lag_s` late. Otherwise only a falling depth shows one."""
        self.is_certain = is_certain
        self._lag_s = lag_s
        self._tracks: dict[str, _Track] = {}

    def note(self, queue: Queue, now_s: float, *, has_departed: bool = False) -> None:
        """Take a reading. `has_departed`: a message was seen leaving although the depth did not fall."""
        before = self._tracks.get(queue.name)
        if queue.state != QueueState.OK or queue.ready is None:
            self._tracks.pop(queue.name, None)
            return
        if before is None:
            before = _Track(ready=0, consumers=queue.consumers, waiting_since_s=now_s, changed_at_s=now_s)
        track = _follow(before, queue, now_s)
        if has_departed or queue.ready < before.ready:
            track = replace(track, departed_at_s=now_s)
        self._tracks[queue.name] = track

    def forget(self) -> None:
        """Start anew after a time in which departures went unseen."""
        self._tracks.clear()

    def skip(self, since_s: float, until_s: float) -> None:
        """Do not count the time between the two as waiting or as an unchanged depth: nothing was read in it."""
        gap_s = until_s - since_s
        self._tracks = {
            name: replace(
                track,
                waiting_since_s=min(until_s, _still_since_s(track) + gap_s),
                changed_at_s=min(until_s, track.changed_at_s + gap_s),
            )
            for name, track in self._tracks.items()
        }

    def movement(self, name: str, now_s: float) -> Movement:
        """The movement of one queue at `now_s`."""
        track = self._tracks.get(name)
        if track is None:
            return Movement()
        departed_s = None if track.departed_at_s is None else now_s - track.departed_at_s
        if not track.ready:
            return Movement(is_certain=self.is_certain, departed_s=departed_s)
        return Movement(
            still_s=max(0.0, now_s - _still_since_s(track) - self._lag_s),
            is_certain=self.is_certain,
            unchanged_s=now_s - track.changed_at_s,
            departed_s=departed_s,
        )


def _still_since_s(track: _Track) -> float:
    return max(track.waiting_since_s, track.departed_at_s or 0.0)


def _follow(before: _Track, queue: Queue, now_s: float) -> _Track:
    ready = queue.ready or 0
    track = replace(
        before,
        ready=ready,
        consumers=queue.consumers,
        waiting_since_s=before.waiting_since_s if before.ready else now_s,
        changed_at_s=before.changed_at_s if ready == before.ready else now_s,
    )
    joined = (queue.consumers or 0) - (before.consumers or 0)
    if joined > 0:
        return replace(track, joined=(before.ready, before.departed_at_s))
    if joined < 0 and before.joined and before.ready < ready >= before.joined[0]:
        # A consumer came, took messages and left, and RabbitMQ requeued them all: none has departed.
        return replace(track, departed_at_s=before.joined[1], joined=None)
    return track
