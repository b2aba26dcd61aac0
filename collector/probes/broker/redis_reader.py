"""Reads one queue from Redis: the lists that hold its messages, one for each priority.

On Redis an empty queue does not exist. So a queue counts as existing once it has held a message or is bound
(`kombu_bindings`); any other name is missing. Redis knows no consumers. One read is one round trip, or two when
a list begins to hold messages or has grown fast.
"""

import itertools
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import redis

from collector.probes.broker.departures import Departures
from collector.probes.broker.kombu_bindings import Bindings
from collector.probes.broker.list_arrivals import MOST_WINDOW, ListArrivals, Look
from collector.probes.broker.redis_connection import Command, Packed, RedisConnection
from collector.probes.broker.redis_reserved import ReservedReader
from collector.probes.broker.waiting import Limits, with_wait
from settings.broker_options import BrokerOptions
from store.samples.model import Basis, Queue, QueueState, Reserved

LOOK_PAUSE_S = 1.0
"""Between two looks at messages: four times as many took 0.1 % of a core."""

HEAD_PAUSE_S = 3.0
"""Between two looks at large messages: so late a departure shows if the depth has not fallen."""

LARGE_BYTES = 8192
"""Of larger messages only the oldest and the newest are looked at, every HEAD_PAUSE_S."""

RECHECK_S = 2.0
"""How long a key that may be a queue's, and holds none of its messages, is not checked again."""

PRIORITIES = range(10)
"""kombu limits a message's priority to these."""


@dataclass
class RedisMemory:
    """The state that outlives a connection."""

    options: BrokerOptions
    bindings: Bindings
    departures: Departures
    known: set[str] = field(default_factory=set)
    """Queues that have held a message."""
    lists: defaultdict[str, ListArrivals] = field(default_factory=lambda: defaultdict(ListArrivals))
    """By key."""


class _Plan:
    """One queue's commands, packed once, and what was found when they were sent last."""

    def __init__(self, connection: RedisConnection, name: str, options: BrokerOptions, separators: set[str]) -> None:
        self.keys = options.queue_keys(name)
        self.separators = frozenset(separators)
        spelled = {f"{name}{sep}{step}" for sep in {options.sep, *separators} for step in PRIORITIES if step} | {name}
        self.others = tuple(sorted({options.key(key) for key in spelled} - set(self.keys)))
        """Keys that may hold messages of this queue that are not counted."""
        counted: list[Command] = [("LLEN", key) for key in self.keys]
        others: list[Command] = [("EXISTS", *self.others)] if self.others else []
        self.counts: Packed = connection.pack([*counted, *others])
        self.answers = len(counted) + len(others)
        self.other_counts: Packed = connection.pack([("LLEN", key) for key in self.others])
        self.is_others_empty_until_s = 0.0
        self.look_due_s = 0.0
        self.is_rarely_looked_at = False
        self.told: Queue | None = None
        """What was told last."""
        self._connection = connection
        self._looks: dict[tuple[str, int], Packed] = {}

    def look(self, key: str, window: int, window_at: int = 0) -> Packed:
        """The commands of a look at one list: its length, the oldest message, the newest, and a window of others."""
        if window_at == 0 and (packed := self._looks.get((key, window))):
            return packed
        places = (-1, 0, *range(max(1, window_at), window_at + window))
        packed = self._connection.pack([("LLEN", key), *(("LINDEX", key, place) for place in places)])
        if window_at == 0:
            self._looks[key, window] = packed
        return packed


class RedisReader:
    """Reads queues over one connection."""

    def __init__(self, connection: RedisConnection, memory: RedisMemory, names: tuple[str, ...]) -> None:
        self._connection = connection
        self._memory = memory
        self._names = names
        self._plans: dict[str, _Plan] = {}
        self._missing: set[str] = set()
        self._reserved = ReservedReader(connection, memory.options)

    def read(self, name: str) -> Queue:
        """The queue; unknown, not missing, until the bindings were scanned once."""
        bindings = self._memory.bindings
        bindings.scan_step(self._connection, self._names, is_missing=bool(self._missing))
        plan = self._plan(name)
        is_due = time.monotonic() >= plan.look_due_s
        lists = self._memory.lists
        windows = {key: lists[key].window for key in plan.keys if is_due and lists[key].ready}
        asked = [*plan.counts]
        for key, window in windows.items():
            asked += plan.look(key, window)
        answers = self._connection.execute(asked, plan.answers + sum(2 + window for window in windows.values()))
        now_s = time.monotonic()  # After the answers: what they show had arrived by now.
        lengths, others = answers[: len(plan.keys)], answers[len(plan.keys) : plan.answers]
        if any(isinstance(length, redis.ResponseError) for length in lengths):
            return self._noted(Queue(name=name, state=QueueState.UNKNOWN), now_s)  # Not a list, or forbidden.
        has_departed = self._follow(plan, lengths, _split(answers[plan.answers :], windows), now_s, is_due=is_due)
        if any(others) and self._holds_more(plan, now_s):
            queue = Queue(name=name, state=QueueState.UNKNOWN, reason="priorities_not_counted")
        else:
            queue = self._judge(name, sum(lengths))
        if queue.ready is not None:
            queue = self._with_wait(queue, plan, time.monotonic(), is_new=is_due)
        return self._noted(queue, now_s, has_departed=has_departed)

    def reserved(self) -> Reserved | None:
        """Messages handed out or scheduled; None = not known."""
        return self._reserved.read()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    drop = close

    def _plan(self, name: str) -> _Plan:
        separators = self._memory.bindings.separators.get(name, set())
        plan = self._plans.get(name)
        if plan is None or plan.separators != separators:
            plan = self._plans[name] = _Plan(self._connection, name, self._memory.options, separators)
        return plan

    def _follow(
        self, plan: _Plan, lengths: list[int], looks: Mapping[str, list[Any]], now_s: float, *, is_due: bool
    ) -> bool:
        """Note where each list stands. Returns whether a message has left one of them."""
        has_departed = False
        for key, length in zip(plan.keys, lengths, strict=True):
            arrivals = self._memory.lists[key]
            if is_due and (length or key in looks):
                look = self._read_look(plan, looks[key]) if key in looks else self._ask_look(plan, key, 0, 1)
                if not plan.is_rarely_looked_at and (place := arrivals.where_to_look(look)) is not None:
                    look = self._ask_look(plan, key, place, MOST_WINDOW)
                has_departed |= arrivals.see(look, time.monotonic())
                arrivals.window = 1 if plan.is_rarely_looked_at else arrivals.window
            else:
                has_departed |= arrivals.see_depth(length, now_s)
        return has_departed

    def _ask_look(self, plan: _Plan, key: str, window_at: int, window: int) -> Look:
        packed = plan.look(key, window, window_at)
        return self._read_look(plan, self._connection.execute(packed, 2 + window + (window_at > 0)), window_at)

    def _read_look(self, plan: _Plan, answers: list[Any], window_at: int = 0) -> Look:
        # Without the right to LINDEX, a departure goes unnoticed if another message comes at once.
        is_refused = any(isinstance(answer, redis.ResponseError) for answer in answers)
        self._memory.departures.is_certain = not is_refused
        ready, oldest, newest, *others = (None if isinstance(each, redis.ResponseError) else each for each in answers)
        largest = max((len(message) for message in (oldest, newest) if message), default=0)
        plan.is_rarely_looked_at = is_refused or largest > LARGE_BYTES
        plan.look_due_s = time.monotonic() + (HEAD_PAUSE_S if plan.is_rarely_looked_at else LOOK_PAUSE_S)
        window = [message for message in ([newest, *others] if window_at == 0 else others) if message]
        return Look(ready or 0, oldest, newest, window, window_at)

    def _with_wait(self, queue: Queue, plan: _Plan, now_s: float, *, is_new: bool) -> Queue:
        """The queue with waiting time and rates: those of the last look until the next one."""
        told = plan.told
        if not is_new and queue.ready and told is not None and told.ready:
            return replace(told, ready=queue.ready)
        plan.told = queue = self._judge_wait(queue, plan, now_s)
        return queue

    def _judge_wait(self, queue: Queue, plan: _Plan, now_s: float) -> Queue:
        if not queue.ready:
            return with_wait(queue, Limits(), Basis.HEAD)
        lists = [self._memory.lists[key] for key in plan.keys]
        limits = [each.limits(now_s) for each in lists if each.ready]
        oldest = limits[0] if limits else Limits()
        for other in limits[1:]:
            oldest = oldest.joined_with(other)
        return with_wait(_with_paces(queue, lists, now_s), oldest, Basis.HEAD)

    def _holds_more(self, plan: _Plan, now_s: float) -> bool:
        """Whether one of the other keys is a list with messages; a key may hold anything."""
        if now_s < plan.is_others_empty_until_s:
            return False
        answers = self._connection.execute(plan.other_counts, len(plan.others))
        if any(isinstance(length, int) and length > 0 for length in answers):
            return True
        plan.is_others_empty_until_s = now_s + RECHECK_S
        return False

    def _judge(self, name: str, ready: int) -> Queue:
        memory, bindings = self._memory, self._memory.bindings
        if ready:
            memory.known.add(name)
        if name in memory.known or name in bindings.bound:
            self._missing.discard(name)
            return Queue(name=name, state=QueueState.OK, ready=ready)
        self._missing.add(name)
        if name in bindings.prefixes:
            return Queue(name=name, state=QueueState.UNKNOWN, reason="other_keyprefix")
        return Queue(name=name, state=QueueState.MISSING if bindings.has_scanned else QueueState.UNKNOWN)

    def _noted(self, queue: Queue, now_s: float, *, has_departed: bool = False) -> Queue:
        self._memory.departures.note(queue, now_s, has_departed=has_departed)
        return queue


def _with_paces(queue: Queue, lists: Iterable[ListArrivals], now_s: float) -> Queue:
    """The queue with its rates, where each list that is used tells its own: what passes an empty one is not seen."""
    paces = [each.paces(now_s) for each in lists if each.was_used]
    known = [pace for pace in paces if pace is not None]
    if not known or len(known) < len(paces):
        return queue
    came, left = (round(sum(each), 2) for each in zip(*known, strict=True))
    return replace(queue, in_per_s=came, out_per_s=left)


def _split(answers: list[Any], windows: Mapping[str, int]) -> dict[str, list[Any]]:
    """The answers of the looks, by key."""
    rest = iter(answers)
    return {key: list(itertools.islice(rest, 2 + window)) for key, window in windows.items()}
