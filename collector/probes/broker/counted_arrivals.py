"""The arrivals in one of RabbitMQ's queues: the depth, read at once, joined with counters that come late. [pure]

The depth shows some arrivals when they happen: it rises. It hides those whose place another message leaves at the same
time. The management API counts all of them and is late (`renewal`). A count that is known at `p` and late by `l` at the
most says two things of the line of arrivals: by `p` at least so many had arrived, and by `p - l` at most so many. The
clock is moved just so far that both hold:

- what the count has beyond the line was hidden; it arrived since the count before;
- what the line had too much was no arrival but messages that a consumer gave back.

What the depth hides since the last count is estimated by the last paces of coming and leaving: no more than
either pace has beyond what the depth shows. A decision record has the errors of this and of what else was tried.
"""

from collections import deque
from typing import NamedTuple

from collector.probes.broker.fifo_clock import FifoClock
from collector.probes.broker.renewal import LATE_S
from collector.probes.broker.waiting import Limits

MEMORY_S = 20.0
"""How far back the depths are kept: longer than between two counts, and than a count is late."""


class _Depth(NamedTuple):
    at_s: float
    ready: int
    risen: int
    """By how much the depth has risen in all, as messages arrived."""
    fallen: int


class _Count(NamedTuple):
    """The line of arrivals at the instant that a count speaks of, on average."""

    begin_s: float
    """It speaks of this instant at the earliest."""
    at_s: float
    arrived: float
    depth: _Depth


class CountedArrivals:
    """Follows one queue. All times are monotonic seconds."""

    def __init__(self, ready: int, consumers: int, at_s: float) -> None:
        """Begin with a first reading of the depth."""
        self._clock = FifoClock(at_s)
        self._depths = deque([_Depth(at_s, ready, 0, 0)])
        self._consumers = consumers
        self._read_at_s = at_s
        self._empty_at_s: float | None = at_s if ready == 0 else None
        """When the queue was last seen empty."""
        self._unserved_since_s: float | None = at_s if consumers == 0 else None
        """Since when there is no consumer and the depth has not fallen."""
        self._counts: deque[_Count] = deque(maxlen=2)
        self._counted = 0
        self._zero = 0.0
        """The count at which the clock began."""
        self._first_late_s = LATE_S
        self._doubtful = 0.0
        """So many arrivals may have come before the clock began, with what waited by then: its first count was late."""

    def see(self, ready: int, consumers: int, at_s: float, *, is_gap: bool = False) -> None:
        """Take a reading of the depth. `is_gap`: there were none for a time."""
        before = self._depths[-1]
        if before.ready == 0 and not is_gap:
            self._empty_at_s = self._read_at_s
        change = ready - before.ready
        # RabbitMQ gives the messages back in the same moment in which it removes the consumer.
        is_arrival = change > 0 and consumers >= self._consumers and not is_gap
        if is_arrival:
            self._clock.add(change, self._read_at_s, at_s)
        if consumers or change < 0 or is_gap:
            self._unserved_since_s = None
        if not consumers and (self._unserved_since_s is None or not ready):
            self._unserved_since_s = at_s
        if ready == 0:
            self._empty_at_s = at_s
        if change:
            risen, fallen = before.risen + change * is_arrival, before.fallen + max(0, -change)
            self._depths.append(_Depth(at_s, ready, risen, fallen))
            while len(self._depths) > 1 and self._depths[1].at_s < at_s - MEMORY_S:
                self._depths.popleft()
        self._consumers, self._read_at_s = consumers, at_s

    def count(self, counted: int, at_s: float, late_s: float = LATE_S) -> None:
        """Take a count of all arrivals, which is late by `late_s` at the most and only grows; with one that shrinks the
        clock begins anew.
        """
        if at_s < self._clock.began_at_s:
            return
        if not self._counts or counted < self._counted:
            # What came before the first count is known only from the depth, which hides some.
            if self._counts or at_s - self._clock.began_at_s > LATE_S:
                self._clock = FifoClock(at_s)
            self._zero, self._first_late_s = counted - self._clock.arrived_by(at_s), late_s
            self._doubtful = 0.0
            self._counts.clear()
        since_s = self._counts[-1].at_s if self._counts else at_s
        spoken_of_s = max(since_s, at_s - late_s / 2)
        arrived, self._counted = counted - self._zero, counted
        hidden = arrived - self._clock.arrived_by(at_s)
        if hidden > 0:
            self._clock.add(hidden, since_s, spoken_of_s)
        elif at_s - late_s > self._clock.began_at_s:
            self._clock.cap(arrived, at_s - late_s)
        line = self._clock.arrived_by(spoken_of_s)
        is_second = len(self._counts) == 1
        self._counts.append(_Count(at_s - late_s, spoken_of_s, line, self._depth_at(spoken_of_s)))
        if is_second and self._depth_at(self._clock.began_at_s).ready:
            self._doubtful = self._paces()[0] * self._first_late_s

    def limits(self, now_s: float) -> Limits:
        """The limits of the oldest message's age, by depth and counts.

        Only the lower one is known of a message that was there before the counts.
        """
        arrived, ready = self._clock.arrived, self._depths[-1].ready
        few = self._hidden(now_s)
        guess = self._passed(arrived + few - ready, few, now_s)
        if guess is None or arrived + few - ready < self._doubtful:
            return self.lower_limits(now_s)
        age_s = self._at_most(now_s, now_s - guess)
        return Limits(at_least_s=age_s, at_most_s=age_s)

    def lower_limits(self, now_s: float) -> Limits:
        """The limits where messages do not leave in order, or arrive in ways that are not counted at once.

        The more have arrived, and the later, the younger is the oldest that waits. So all counts as arrived that may
        have since the instant that the last count speaks of, at the greatest pace, and each as late as it may have.
        """
        at_most_s = self._at_most(now_s, None)
        if len(self._counts) < 2:
            return Limits(at_most_s=at_most_s)
        arrived = self._counted - self._zero + self._most_since(self._counts[-1].begin_s, now_s)
        passed = self._clock.passed(arrived - self._depths[-1].ready)
        since_s = self._clock.began_at_s if passed is None else passed[1] + LATE_S
        at_least_s = max(0.0, now_s - since_s)
        return Limits(at_least_s=at_least_s if at_most_s is None else min(at_least_s, at_most_s), at_most_s=at_most_s)

    def limits_by_depth(self, now_s: float) -> Limits:
        """The limits that the depth alone gives.

        The oldest message came after the queue was last empty. Without a consumer none leaves but what expires, is
        purged or is got singly, which Celery never does, and the depth falls. So what was there then still waits.
        """
        return Limits(
            at_least_s=None if self._unserved_since_s is None else now_s - self._unserved_since_s,
            at_most_s=self._at_most(now_s, None),
        )

    def _at_most(self, now_s: float, age_s: float | None) -> float | None:
        if self._empty_at_s is None:
            return age_s
        since_empty_s = now_s - self._empty_at_s
        return since_empty_s if age_s is None else min(age_s, since_empty_s)

    def _passed(self, total: float, hidden: float, now_s: float) -> float | None:
        """When the line of arrivals passed `total`, with the `hidden` ones since the last count."""
        beyond = total - self._clock.arrived
        if beyond >= 0 and hidden > 0:
            since_s = self._counts[-1].at_s
            return since_s + min(1.0, (beyond + 1) / hidden) * (now_s - since_s)
        passed = self._clock.passed(total)
        return None if passed is None else passed[0]

    def _hidden(self, now_s: float) -> float:
        """How many arrivals the depth hides since the last count, as the lesser of both paces has it."""
        if len(self._counts) < 2:
            return 0.0
        last, newest = self._counts[-1], self._depths[-1]
        coming, leaving = self._paces()
        since_s, risen = now_s - last.at_s, newest.risen - last.depth.risen
        few = min(coming * since_s - risen, leaving * since_s - (newest.fallen - last.depth.fallen))
        # The clock may know some of them already.
        return max(0.0, few - max(0.0, self._clock.arrived - last.arrived - risen))

    def _most_since(self, at_s: float, now_s: float) -> float:
        """How many may have arrived since an instant, and one more, since paces are means."""
        then, newest = self._depth_at(at_s), self._depths[-1]
        coming, leaving = self._paces()
        by_leaving = leaving * (now_s - at_s) + newest.ready - then.ready
        return 1 + max(0.0, coming * (now_s - at_s), by_leaving, newest.risen - then.risen)

    def _paces(self) -> tuple[float, float]:
        """Messages that came and left per second between the last two counts."""
        former, last = self._counts
        between_s = last.at_s - former.at_s
        if between_s <= 0:
            return 0.0, 0.0
        came = last.arrived - former.arrived
        left = came - (last.depth.ready - former.depth.ready)
        return came / between_s, max(0.0, left) / between_s

    def _depth_at(self, at_s: float) -> _Depth:
        return next((depth for depth in reversed(self._depths) if depth.at_s <= at_s), self._depths[0])
