"""Reads one queue from Redis: the lengths of the lists that hold its messages, one list for each priority.

On Redis an empty queue does not exist. So a queue counts as existing once it has held a message or is bound
(`kombu_bindings`); any other name is missing. Redis knows no consumers. One read is one round trip.
"""

import hashlib
import time
from dataclasses import dataclass, field
from typing import Any

import redis

from collector.probes.broker.departures import Departures
from collector.probes.broker.kombu_bindings import Bindings
from collector.probes.broker.redis_connection import Command, Packed, RedisConnection
from settings.broker_options import BrokerOptions
from store.samples.model import Queue, QueueState

HEAD_PAUSE_S = 3.0
"""Between two reads of the next messages: so late a departure shows if the depth has not fallen."""

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
    heads: dict[bytes | str, bytes | None] = field(default_factory=dict)
    """By key, the digest of the next message. Nothing else of a message is kept or shown."""


class _Plan:
    """One queue's commands, packed once, and its last answers."""

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
        self.heads: Packed = connection.pack([("LINDEX", key, -1) for key in self.keys])
        self.other_counts: Packed = connection.pack([("LLEN", key) for key in self.others])
        self.lengths: list[int] = [0] * len(self.keys)
        self.heads_due_s = 0.0
        self.is_others_empty_until_s = 0.0


class RedisReader:
    """Reads queues over one connection."""

    def __init__(self, connection: RedisConnection, memory: RedisMemory, names: tuple[str, ...]) -> None:
        self._connection = connection
        self._memory = memory
        self._names = names
        self._plans: dict[str, _Plan] = {}
        self._missing: set[str] = set()

    def read(self, name: str) -> Queue:
        """The queue; unknown, not missing, until the bindings were scanned once."""
        bindings = self._memory.bindings
        bindings.scan_step(self._connection, self._names, is_missing=bool(self._missing))
        plan, now_s = self._plan(name), time.monotonic()
        with_heads = now_s >= plan.heads_due_s
        asked = plan.counts + plan.heads if with_heads else plan.counts
        answers = self._connection.execute(asked, plan.answers + with_heads * len(plan.keys))
        lengths, others, heads = _split(answers, len(plan.keys), plan.answers)
        if any(isinstance(length, redis.ResponseError) for length in lengths):
            return self._noted(Queue(name=name, state=QueueState.UNKNOWN), now_s)  # Not a list, or forbidden.
        has_departed = self._has_departed(plan, lengths, heads, now_s)
        plan.lengths = lengths
        if any(others) and self._holds_more(plan, now_s):
            queue = Queue(name=name, state=QueueState.UNKNOWN, reason="priorities_not_counted")
        else:
            queue = self._judge(name, sum(lengths))
        return self._noted(queue, now_s, has_departed=has_departed)

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

    def _has_departed(self, plan: _Plan, lengths: list[int], heads: list[Any], now_s: float) -> bool:
        """Whether a message has left one of the lists: the list is shorter, or another message is next."""
        kept = self._memory.heads
        fallen = [key for key, before, after in zip(plan.keys, plan.lengths, lengths, strict=True) if after < before]
        changed = False
        if heads:
            plan.heads_due_s = now_s + HEAD_PAUSE_S
            # Without the right to LINDEX, a departure goes unnoticed if another message comes at once.
            self._memory.departures.is_certain = not any(isinstance(head, redis.ResponseError) for head in heads)
            for key, head in zip(plan.keys, heads, strict=True):
                digest = hashlib.blake2b(head, digest_size=16).digest() if isinstance(head, bytes) else None
                changed = changed or (kept.get(key) is not None and kept[key] != digest)
                kept[key] = digest
        for key in fallen:  # That another message is next is no second departure.
            kept.pop(key, None)
        return changed or bool(fallen)

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


def _split(answers: list[Any], counted: int, before_heads: int) -> tuple[list[Any], list[Any], list[Any]]:
    return answers[:counted], answers[counted:before_heads], answers[before_heads:]
