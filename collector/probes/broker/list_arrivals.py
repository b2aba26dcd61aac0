"""The arrivals in one list of a watched Redis, seen by where its newest message has moved. [pure]

Redis counts nothing. But a publisher pushes on the left and a worker takes from the right, so a message's place from
the left tells how many have come after it: the message that was newest is now the one behind them. With the change of
the depth that also tells how many have left. kombu gives each message a delivery tag, so no two are equal.

What is proved is a chain of looks, each of which found the newest message of the one before. Where the chain breaks
(more have come than are looked through, or the list was empty), counting begins anew, and what waits by then is older
than the beginning. A message that is given back on the left counts as an arrival, so the age is never told too high.
"""

import hashlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from collector.probes.broker.fifo_clock import FifoClock
from collector.probes.broker.waiting import Limits

MOST_WINDOW = 32
"""Among so many of the newest messages the one that was newest before is looked for."""

PACE_S, SHORTEST_PACE_S = 15.0, 2.0
"""Paces are means of so long a time, or of a shorter one after the chain began."""


@dataclass(frozen=True)
class Look:
    """One reading of the list. Of a message nothing is kept but a digest of the oldest and the newest."""

    ready: int
    oldest: bytes | None = field(default=None, repr=False)
    """The message that a worker takes next."""
    newest: bytes | None = field(default=None, repr=False)
    window: Sequence[bytes] = field(default=(), repr=False)
    """Messages in the order of the list, from `window_at` on; 0 is the place of the newest."""
    window_at: int = 0


@dataclass(frozen=True)
class Flow:
    """What came and left between two readings."""

    since_s: float
    until_s: float
    came: int
    left: int


@dataclass(frozen=True)
class _Mark:
    """The newest message of a look, by which the next one knows how many have come."""

    digest: bytes
    ready: int
    at_s: float


def digest(message: bytes) -> bytes:
    """What is kept of a message."""
    return hashlib.blake2b(message, digest_size=16).digest()


class ListArrivals:
    """Follows one list. All times are monotonic seconds."""

    def __init__(self) -> None:
        self.window = 1
        """How many messages the next look should show: enough if as many come as last time."""
        self.was_used = False
        """Whether it has ever held a message."""
        self.ready = 0
        self._clock: FifoClock | None = None
        self._mark: _Mark | None = None
        self._oldest: bytes | None = None
        self._oldest_since_s = 0.0
        self._left_since_look = 0
        """How many the depth alone has shown leaving since."""
        self._empty_at_s: float | None = None
        self._flows: deque[Flow] = deque()

    def came(self, look: Look) -> int | None:
        """How many have come since the last look; None = the window does not show it."""
        if self._mark is None:
            return None
        places = (place for place, message in enumerate(look.window) if digest(message) == self._mark.digest)
        place = next(places, None)
        return None if place is None else place + look.window_at

    def where_to_look(self, look: Look) -> int | None:
        """From which place on another window would show what this one does not: as many have come as the list has
        grown, and one more for each that has left. None = nothing to look for.
        """
        if self._mark is None or not look.ready or self.came(look) is not None:
            return None
        return max(0, look.ready - self._mark.ready)

    def see(self, look: Look, at_s: float) -> bool:
        """Take a reading. Returns whether a message has left."""
        before, oldest = self.ready, None if look.oldest is None else digest(look.oldest)
        has_left = look.ready < before or (self._oldest is not None and self._oldest != oldest)
        if oldest != self._oldest:
            self._oldest, self._oldest_since_s = oldest, at_s
        if look.ready == 0:
            self._empty_at_s = at_s
        else:
            self.was_used = True
            left = self._count(look, at_s)
            # Another message is the oldest also where one was given back and none has left.
            has_left = has_left if left is None else left > self._left_since_look
        self.ready, self._left_since_look = look.ready, 0
        if look.newest is None:  # It holds none, or may not be looked at.
            self._break(None)
        else:
            self._mark = _Mark(digest(look.newest), look.ready, at_s)
        return has_left

    def see_depth(self, ready: int, at_s: float) -> bool:
        """Take a reading of the depth alone. Returns whether a message has left."""
        has_left = ready < self.ready
        if has_left:  # That another message is the oldest is no second departure.
            self._oldest, self._left_since_look = None, self._left_since_look + self.ready - ready
        if ready == 0:
            if self.ready:
                self._break(None)
            self._empty_at_s = at_s
        elif self.ready == 0:
            self.was_used = True
            self._break(at_s)
        self.ready = ready
        return has_left

    def limits(self, now_s: float) -> Limits:
        """The limits of the oldest message's age; the lower one as of the last look, since it may have left by now."""
        if not self.ready:
            return Limits()
        at_most_s = None if self._empty_at_s is None else now_s - self._empty_at_s
        if self._mark is None or self._clock is None:
            return Limits(at_most_s=at_most_s)
        passed = self._clock.passed(self._clock.arrived - self._mark.ready)
        since_s = self._clock.began_at_s if passed is None else passed[1]
        if self._oldest is not None:
            since_s = min(since_s, self._oldest_since_s)
        if passed is not None:
            at_most_s = now_s - passed[0] if at_most_s is None else min(at_most_s, now_s - passed[0])
        return Limits(at_least_s=self._mark.at_s - since_s, at_most_s=at_most_s)

    def paces(self, now_s: float) -> tuple[float, float] | None:
        """Messages that come and leave, per second; None where the chain is too short to tell."""
        known = [flow for flow in self._flows if flow.until_s > now_s - PACE_S]
        if not known or known[-1].until_s - known[0].since_s < SHORTEST_PACE_S:
            return None
        span_s = known[-1].until_s - known[0].since_s
        return sum(flow.came for flow in known) / span_s, sum(flow.left for flow in known) / span_s

    def _count(self, look: Look, at_s: float) -> int | None:
        """Lengthen the chain, or begin a new one. Returns how many have left, None where that is not known."""
        came = self.came(look)
        if came is None or self._clock is None or self._mark is None:
            self._break(at_s)
            return None
        self.window = min(MOST_WINDOW, 2 * came + 1)
        left = max(0, came - (look.ready - self._mark.ready))
        self._clock.add(came, self._mark.at_s, at_s)
        self._flows.append(Flow(self._mark.at_s, at_s, came, left))
        while self._flows[0].until_s <= at_s - PACE_S:
            self._flows.popleft()
        return left

    def _break(self, at_s: float | None) -> None:
        """Begin a new chain at `at_s`, or with the next message."""
        self._clock = None if at_s is None else FifoClock(at_s)
        self._mark = None
        self._left_since_look = 0
        self._flows.clear()
