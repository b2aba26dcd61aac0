"""What is told of a queue on RabbitMQ, against the truth of a simulated one whose counters come late."""

import random
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import NamedTuple

import pytest

from collector.probes.broker.counted_arrivals import CountedArrivals
from collector.probes.broker.waiting import Limits, with_wait
from store.samples.model import Basis, Queue, QueueState

STEP_S = 0.05
READ_S = 0.25
COUNT_S = 5.0
"""Between two renewals of the counters, and between two polls."""
LATE_S = 6.0

Pace = Callable[[float], tuple[float, float]]
"""Messages that come and that leave a second, at an instant."""


class Told(NamedTuple):
    """What was told at an instant, and the truth then."""

    at_s: float
    wait_s: float | None
    is_bound: bool
    truth_s: float
    about_s: tuple[float, float]
    """The lowest and the highest truth from 6 s before until 6 s after: where a burst ends, the age falls at once."""

    @property
    def error_s(self) -> float:
        """How far a value is from what was true about then, and by how much a bound is too high."""
        if self.wait_s is None:
            return 0.0
        if self.is_bound:
            return max(0.0, self.wait_s - self.truth_s - READ_S)
        low, high = self.about_s
        return max(0.0, low - self.wait_s, self.wait_s - high)


@dataclass
class SimulatedQueue:
    """A FIFO queue whose consumers hold what they take for a time."""

    pace: Pace
    events: dict[float, Callable[["SimulatedQueue"], None]] = field(default_factory=dict)
    seed: int = 1
    consumers: int = 2
    now_s: float = 0.0
    arrived: int = 0
    waiting: deque[float] = field(default_factory=deque)
    """The instants of their arrival."""
    taken: deque[float] = field(default_factory=lambda: deque(maxlen=500))
    _coming: float = 0.0
    _leaving: float = 0.0

    def steps(self, until_s: float) -> Iterator[float]:
        """Let it live, in small steps."""
        chance = random.Random(self.seed)
        for number in range(round(until_s / STEP_S)):
            self.now_s = number * STEP_S
            come, leave = self.pace(self.now_s)
            self._coming += come * STEP_S * chance.uniform(0.5, 1.5)
            self._leaving = min(1.0, self._leaving) + leave * STEP_S * chance.uniform(0.5, 1.5)
            while self._coming >= 1:
                self.arrive()
                self._coming -= 1
            while self._leaving >= 1 and self.waiting:
                self.taken.append(self.waiting.popleft())
                self._leaving -= 1
            for at_s in [at_s for at_s in self.events if at_s <= self.now_s]:
                self.events.pop(at_s)(self)
            yield self.now_s

    def arrive(self, count: int = 1) -> None:
        self.arrived += count
        self.waiting.extend([self.now_s] * count)

    def lose_consumer(self, held: int) -> None:
        """A consumer ends, and RabbitMQ puts what it held where it was."""
        self.consumers -= 1
        for _ in range(held):
            self.waiting.appendleft(self.taken.pop())

    def expire(self, older_s: float) -> None:
        while self.waiting and self.now_s - self.waiting[0] > older_s:
            self.waiting.popleft()

    def oldest_s(self) -> float:
        return self.now_s - self.waiting[0] if self.waiting else 0.0


def watched(
    queue: SimulatedQueue,
    *,
    renewed_s: float,
    polled_s: float,
    late_s: float = LATE_S,
    begin_s: float = 0.0,
    until_s: float = 120.0,
) -> list[Told]:
    """What a panel that begins to watch at `begin_s` tells each second."""
    arrivals: CountedArrivals | None = None
    counts: list[int] = []
    truths: list[float] = []
    told: list[tuple[int, Queue]] = []
    next_poll_s = begin_s + polled_s
    for number, now_s in enumerate(queue.steps(until_s)):
        counts.append(queue.arrived)
        truths.append(queue.oldest_s())
        if now_s < begin_s:
            continue
        if number % round(READ_S / STEP_S) == 0:
            if arrivals is None:
                arrivals = CountedArrivals(len(queue.waiting), queue.consumers, now_s)
            arrivals.see(len(queue.waiting), queue.consumers, now_s)
        if now_s >= next_poll_s and arrivals is not None:
            next_poll_s += COUNT_S
            spoken_of_s = renewed_s + (now_s - renewed_s) // COUNT_S * COUNT_S
            arrivals.count(counts[max(0, int(spoken_of_s / STEP_S))], now_s, late_s)
        if number % round(1 / STEP_S) == 0 and arrivals is not None and queue.waiting and now_s > begin_s + 3 * COUNT_S:
            queue_told = Queue(name="q", state=QueueState.OK, ready=len(queue.waiting))
            told.append((number, with_wait(queue_told, arrivals.limits(now_s), Basis.MANAGEMENT)))
    reach = round(LATE_S / STEP_S)
    about = [truths[max(0, number - reach) : number + reach] for number, _ in told]
    return [
        Told(number * STEP_S, each.wait_s, each.wait_is_bound, truths[number], (min(around), max(around)))
        for (number, each), around in zip(told, about, strict=True)
    ]


def pulse(now_s: float, *, every_s: float, per_s: float, length_s: float = 0.1) -> float:
    return per_s if now_s % every_s < length_s else 0.0


SCENARIOS: dict[str, Pace] = {
    "as many leave as come, behind a backlog": lambda at: (30 if at < 10 else 10, 10),
    "more come than leave": lambda at: (20, 10),
    "one burst": lambda at: (3000 if 30 < at < 30.1 else 0, 5),
    "bursts": lambda at: (pulse(at + 10, every_s=20, per_s=2000), 8),
    "publishers stop": lambda at: (20 if at < 40 else 0, 10),
    "consumers stop": lambda at: (20, 15 if at < 40 else 0),
    "consumers come": lambda at: (10, 0 if at < 40 else 30),
    "a burst behind a trickle": lambda at: (4000 if 40 < at < 40.3 else 2, 1.5 if at < 60 else 20),
    "it drains": lambda at: (20 if at < 30 else 2, 10),
    "two producers, one of which stops": lambda at: (4 + (7 if at < 70 else 0), 9),
}
HARD_SCENARIOS: dict[str, Pace] = {
    "two producers, one in bursts": lambda at: (6 + pulse(at + 7, every_s=15, per_s=600), 9),
    "a pace that changes fourfold": lambda at: (5 + 15 * (at // 10 % 2), 9),
}
PHASES = [*product((0.3, 2.1, 4.2), (1.0, 3.4))]
"""When RabbitMQ renews its counters, and when they are asked for."""


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_age_is_within_six_seconds_of_the_truth(name: str) -> None:
    for renewed_s, polled_s in PHASES:
        told = watched(SimulatedQueue(SCENARIOS[name]), renewed_s=renewed_s, polled_s=polled_s)

        assert told
        worst = max(told, key=lambda each: each.error_s)
        assert worst.error_s <= LATE_S, (renewed_s, polled_s, worst)
        values = [each for each in told if each.wait_s is not None and not each.is_bound]
        assert len(values) > 0.9 * len(told)


@pytest.mark.parametrize("name", [*SCENARIOS, *HARD_SCENARIOS])
def test_with_polls_right_after_the_counters_are_renewed_it_is_closer(name: str) -> None:
    for renewed_s in (0.3, 2.1, 4.2):
        queue = SimulatedQueue((SCENARIOS | HARD_SCENARIOS)[name])
        told = watched(queue, renewed_s=renewed_s, polled_s=renewed_s + 0.4, late_s=0.75)

        assert told
        assert max(each.error_s for each in told) <= 4.5
        assert name in HARD_SCENARIOS or max(each.error_s for each in told) <= 2


EVENTS: dict[str, tuple[Pace, dict[float, Callable[[SimulatedQueue], None]]]] = {
    "a consumer dies": (lambda at: (10 if at < 40 else 0, 5), {55.0: lambda queue: queue.lose_consumer(40)}),
    "a consumer dies while more come": (lambda at: (8, 6), {50.0: lambda queue: queue.lose_consumer(30)}),
    "it is purged": (lambda at: (10, 2), {60.0: lambda queue: queue.waiting.clear()}),
    "messages expire": (
        lambda at: (10, 2),
        {float(at): lambda queue: queue.expire(20.0) for at in range(40, 120)},
    ),
}


@pytest.mark.parametrize("name", EVENTS)
def test_what_is_given_back_purged_or_expires_corrects_itself(name: str) -> None:
    pace, events = EVENTS[name]
    for renewed_s, polled_s in PHASES:
        told = watched(SimulatedQueue(pace, dict(events)), renewed_s=renewed_s, polled_s=polled_s)

        assert max(each.error_s for each in told) <= LATE_S, (renewed_s, polled_s)


@pytest.mark.parametrize(
    "name", ["as many leave as come, behind a backlog", "more come than leave", "consumers come", "it drains"]
)
def test_after_a_start_a_backlog_is_at_least_as_old_as_the_watch_until_its_age_is_known(name: str) -> None:
    for renewed_s, polled_s in PHASES:
        told = watched(SimulatedQueue(SCENARIOS[name]), renewed_s=renewed_s, polled_s=polled_s, begin_s=25.0)
        bounds = [each for each in told if each.is_bound]

        assert bounds
        assert [each for each in bounds if each.error_s > 0] == []
        assert max((each.error_s for each in told), default=0.0) <= LATE_S


def test_a_count_that_runs_backwards_begins_anew_with_a_bound() -> None:
    arrivals = CountedArrivals(100, 1, 0.0)
    for at_s, counted in ((5.0, 1000), (10.0, 1100), (15.0, 3), (20.0, 3)):
        arrivals.see(100, 1, at_s)
        arrivals.count(counted, at_s)

    assert arrivals.limits(22.0) == Limits(at_least_s=7.0, at_most_s=None)


def test_without_counts_only_what_the_depth_proves_is_known() -> None:
    arrivals = CountedArrivals(0, 1, 0.0)
    arrivals.see(5, 1, 10.0)
    served = arrivals.limits_by_depth(12.0)
    arrivals.see(5, 0, 13.0)
    arrivals.see(9, 0, 20.0)
    unserved = arrivals.limits_by_depth(30.0)
    arrivals.see(8, 0, 31.0)
    fallen = arrivals.limits_by_depth(31.0)

    assert served == Limits(at_least_s=None, at_most_s=12.0)
    assert unserved == Limits(at_least_s=17.0, at_most_s=30.0)
    assert fallen.at_least_s == 0.0


def test_a_rise_after_a_gap_in_the_readings_is_no_arrival_of_that_moment() -> None:
    arrivals = CountedArrivals(0, 1, 0.0)
    arrivals.count(0, 1.0)
    arrivals.count(0, 6.0)
    arrivals.see(100, 1, 60.0, is_gap=True)
    arrivals.count(100, 61.0)

    assert arrivals.limits(61.0).at_least_s == pytest.approx(55.0, abs=LATE_S)
