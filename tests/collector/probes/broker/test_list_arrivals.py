"""What is told of a list on Redis, against the truth of a simulated one."""

from dataclasses import dataclass, field
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.probes.broker.list_arrivals import MOST_WINDOW, ListArrivals, Look

READ_S = 0.25


@dataclass
class SimulatedList:
    """A list with its newest message on the left, and when each message came first."""

    messages: list[bytes] = field(default_factory=list)
    came_at_s: dict[bytes, float] = field(default_factory=dict)
    held: list[bytes] = field(default_factory=list)
    """Messages that a worker has taken and not finished."""
    _tags: count = field(default_factory=count)

    def push(self, number: int, at_s: float) -> None:
        for _ in range(number):
            self._push_left(at_s)

    def take(self, number: int, at_s: float) -> None:
        for _ in range(min(number, len(self.messages))):
            self.held.append(self.messages.pop())

    def give_back(self, number: int, at_s: float) -> None:
        """As a worker does that ends: to where they were taken from."""
        for _ in range(min(number, len(self.held))):
            self.messages.append(self._redelivered())

    def restore(self, number: int, at_s: float) -> None:
        """As kombu does after the visibility timeout: behind all that wait."""
        for _ in range(min(number, len(self.held))):
            self.messages.insert(0, self._redelivered())

    def purge(self, number: int, at_s: float) -> None:
        self.messages.clear()

    def nothing(self, number: int, at_s: float) -> None:
        pass

    def look(self, arrivals: ListArrivals) -> Look:
        """What the reader sees: a small window first, and another where that does not show enough."""
        look = self._window(0, arrivals.window)
        place = arrivals.where_to_look(look)
        return look if place is None else self._window(place, MOST_WINDOW)

    def oldest_s(self, now_s: float) -> float | None:
        return max((now_s - self.came_at_s[message] for message in self.messages), default=None)

    def _window(self, place: int, size: int) -> Look:
        ends = (self.messages[-1], self.messages[0]) if self.messages else (None, None)
        return Look(len(self.messages), *ends, self.messages[place : place + size], place)

    def _push_left(self, at_s: float) -> None:
        message = b"%d" % next(self._tags)
        self.messages.insert(0, message)
        self.came_at_s[message] = at_s

    def _redelivered(self) -> bytes:
        """A message that was held: it says so, and so is another text."""
        message = self.held.pop()
        again = b"%d" % next(self._tags)
        self.came_at_s[again] = self.came_at_s[message]
        return again


def steps(*kinds: str) -> st.SearchStrategy[list[list[tuple[str, int]]]]:
    """What happens between the readings."""
    happening = st.tuples(st.sampled_from(kinds), st.integers(0, 40))
    return st.lists(st.lists(happening, max_size=4), min_size=1, max_size=60)


@settings(max_examples=150, deadline=None)
@given(
    steps("push", "take", "give_back", "restore", "purge", "nothing", "nothing"), st.integers(0, 60), st.integers(1, 4)
)
def test_the_lower_limit_is_never_above_the_truth(
    happenings: list[list[tuple[str, int]]], restart: int, every: int
) -> None:
    """`every`: so many readings there is a look; between them only the depth is read."""
    simulated, arrivals, truth_s = SimulatedList(), ListArrivals(), None
    for number, happening in enumerate(happenings):
        now_s = number * READ_S
        for part, (kind, size) in enumerate(happening):
            getattr(simulated, kind)(size, now_s - READ_S * (1 - (part + 1) / 5))
        arrivals = ListArrivals() if number == restart else arrivals
        if number % every == 0:
            arrivals.see(simulated.look(arrivals), now_s)
            truth_s = simulated.oldest_s(now_s)
        else:
            arrivals.see_depth(len(simulated.messages), now_s)

        at_least_s = arrivals.limits(now_s).at_least_s
        assert at_least_s is None or (truth_s is not None and at_least_s <= truth_s + 1e-6)
        assert every > 1 or (at_least_s is None) == (truth_s is None)


@settings(max_examples=150, deadline=None)
@given(steps("push", "take", "nothing"))
def test_of_a_list_that_was_empty_once_the_upper_limit_is_never_below_the_truth(
    happenings: list[list[tuple[str, int]]],
) -> None:
    simulated, arrivals = SimulatedList(), ListArrivals()
    arrivals.see(simulated.look(arrivals), 0.0)
    for number, happening in enumerate(happenings, start=1):
        now_s = number * READ_S
        for part, (kind, size) in enumerate(happening):
            getattr(simulated, kind)(size, now_s - READ_S * (1 - (part + 1) / 5))
        arrivals.see(simulated.look(arrivals), now_s)

        at_most_s, truth_s = arrivals.limits(now_s).at_most_s, simulated.oldest_s(now_s)
        # Arrivals that follow one another within a second share a point.
        assert truth_s is None or (at_most_s is not None and at_most_s >= truth_s - 1.3)


def followed(coming: list[int], leaving: list[int]) -> tuple[ListArrivals, SimulatedList, float]:
    """A list with so many messages coming and leaving before each reading."""
    simulated, arrivals, now_s = SimulatedList(), ListArrivals(), 0.0
    for number, (came, left) in enumerate(zip(coming, leaving, strict=True)):
        now_s = number * READ_S
        simulated.push(came, now_s)
        simulated.take(left, now_s)
        arrivals.see(simulated.look(arrivals), now_s)
    return arrivals, simulated, now_s


def test_a_burst_that_drains_is_as_old_as_it_is_though_its_head_always_changes() -> None:
    arrivals, simulated, now_s = followed([0, 500, *[0] * 200], [0, 0, *[2] * 200])

    assert arrivals.limits(now_s).at_least_s == simulated.oldest_s(now_s) == 50.0


def test_messages_that_trickle_in_while_others_leave_do_not_make_it_younger() -> None:
    arrivals, simulated, now_s = followed([0, 400, *[1, 0, 3, 0] * 20], [0, 0, *[4] * 80])

    assert arrivals.limits(now_s).at_least_s == pytest.approx(simulated.oldest_s(now_s), abs=0.5)


def test_a_full_list_that_is_overtaken_by_newer_messages_is_followed_to_their_time() -> None:
    """1,000 leave and as many come, 20 a second: what waits in the end came while it was watched."""
    arrivals, simulated, now_s = followed([0, 200, *[5] * 200], [0, 0, *[5] * 200])

    assert simulated.oldest_s(now_s) == 9.75
    assert arrivals.limits(now_s).at_least_s == pytest.approx(9.75, abs=1.0)


def test_the_paces_are_those_of_what_came_and_left() -> None:
    arrivals, _, now_s = followed([0, 500, *[3] * 100], [0, 0, *[5] * 100])

    assert arrivals.paces(now_s) == pytest.approx((12.0, 20.0))


def test_the_pace_of_what_came_is_zero_once_no_more_has_come_for_fifteen_seconds() -> None:
    arrivals, _, now_s = followed([0, 500, *[3] * 100, *[0] * 61], [0, 0, *[4] * 161])

    assert arrivals.paces(now_s) == pytest.approx((0.0, 16.0))


def test_paces_are_not_known_of_a_list_that_was_empty_or_replaced_between_two_readings() -> None:
    drained, _, now_s = followed([0, 100, 0, 0], [0, 0, 50, 50])
    replaced, _, _ = followed([100, *[100] * 20], [0, *[100] * 20])

    assert drained.paces(now_s) is None
    assert replaced.paces(now_s) is None


def test_a_message_that_is_given_back_is_no_departure_and_one_that_is_taken_is() -> None:
    simulated, arrivals = SimulatedList(), ListArrivals()
    simulated.push(9, 0.0)
    arrivals.see(simulated.look(arrivals), 0.0)
    simulated.take(2, 0.1)
    taken = arrivals.see(simulated.look(arrivals), READ_S)
    simulated.give_back(2, 0.3)
    given = arrivals.see(simulated.look(arrivals), 2 * READ_S)
    simulated.take(1, 0.6)
    simulated.push(1, 0.6)
    swapped = arrivals.see(simulated.look(arrivals), 3 * READ_S)

    assert (taken, given, swapped) == (True, False, True)


def test_between_two_looks_the_depth_alone_shows_departures_and_keeps_the_chain() -> None:
    simulated, arrivals = SimulatedList(), ListArrivals()
    simulated.push(10, 0.0)
    arrivals.see(simulated.look(arrivals), 0.0)
    simulated.take(4, 0.1)
    fallen = arrivals.see_depth(6, 0.25)
    again = arrivals.see(simulated.look(arrivals), 3.0)

    assert (fallen, again) == (True, False)
    assert arrivals.limits(3.0).at_least_s == 3.0
    assert arrivals.paces(3.0) == pytest.approx((0.0, 4 / 3))


def test_no_message_is_kept() -> None:
    arrivals, _, _ = followed([0, 5], [0, 0])
    arrivals.see(Look(1, b"a secret", b"a secret", [b"a secret"]), 1.0)

    assert "secret" not in repr(vars(arrivals)) + repr(Look(1, b"a secret", b"a secret", [b"a secret"]))
