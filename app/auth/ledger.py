"""Counts attempts that have failed or are under way, by key, in sliding windows. In memory.

No library: a right attempt must be taken back, and others wait for an open one. A library that only counts up refuses
right logins that come together (docs/decisions/0015).
"""

import math
import secrets
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from threading import Condition
from typing import NamedTuple

from app.accounts.passwords import Busy

MAX_COUNTED = 4096
"""Most keys kept of those that strangers can create at will: clients and unknown names."""

MAX_WAIT_S = 10.0
"""Longest wait for others' open attempts to end (s)."""

MAX_WAITING = 100
"""Most attempts that wait: each holds its request, some 15 kB."""


@dataclass(frozen=True)
class Limit:
    """At most `count` failures within any `period_s` seconds."""

    count: int
    period_s: float


class Bucket(NamedTuple):
    """The attempts that count together, by `key`, and their limits."""

    key: str
    limits: Sequence[Limit]
    is_kept: bool
    """Whether it is never evicted: the keys of users, whose number is known."""


class Ticket:
    """One attempt."""

    __slots__ = ("at_s", "id", "is_open", "keys")

    def __init__(self, at_s: float, keys: Collection[str]) -> None:
        self.at_s = at_s
        self.keys = keys
        self.is_open = True
        self.id = secrets.token_hex(8)


class _Page:
    """The tickets of one key."""

    __slots__ = ("longest_s", "tickets")

    def __init__(self, longest_s: float) -> None:
        self.longest_s = longest_s
        self.tickets: list[Ticket] = []

    def in_force(self, now_s: float) -> list[Ticket]:
        return [each for each in self.tickets if each.is_open or each.at_s > now_s - self.longest_s]


class Ledger:
    """Hands out tickets, at most as many as the limits allow to fail. `clock` tells monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._changed = Condition()
        self._waiting = 0
        self._kept: dict[str, _Page] = {}
        self._others: dict[str, _Page] = {}

    def open(self, buckets: Sequence[Bucket]) -> Ticket | int:
        """A ticket, which counts in every bucket until it is closed; or the seconds to wait for one.

        When only open tickets fill a bucket, it waits for them to close. Raises: Busy, when that takes too long.
        """
        with self._changed:
            until_s = time.monotonic() + MAX_WAIT_S
            while True:
                now_s = self._clock()
                waits_s = [wait_s for bucket in buckets if (wait_s := self._wait_s(bucket, now_s)) > 0]
                if waits_s:
                    return max(1, math.ceil(max(waits_s)))
                if all(self._has_room(bucket, now_s) for bucket in buckets):
                    return self._add(buckets, now_s)
                self._wait(until_s)

    def close(self, ticket: Ticket, *, has_failed: bool) -> None:
        """End the attempt. Only a failed one goes on counting."""
        with self._changed:
            ticket.is_open = False
            if not has_failed:
                self._remove(ticket)
            self._changed.notify_all()

    def take_back(self, keys: Collection[str], ticket_id: str) -> None:
        """Stop counting a ticket that was closed as failed, in all its buckets. `keys`: where to look for it."""
        with self._changed:
            found = {ticket for key in keys for ticket in self._tickets(key) if ticket_id and ticket.id == ticket_id}
            for ticket in found:
                self._remove(ticket)
            self._changed.notify_all()

    def counted(self) -> int:
        """How many keys there are that strangers can create at will."""
        return len(self._others)

    def _tickets(self, key: str) -> list[Ticket]:
        page = self._kept.get(key) or self._others.get(key)
        return page.tickets if page else []

    def _wait_s(self, bucket: Bucket, now_s: float) -> float:
        """How long until one more may fail if every open attempt ends well (s); 0 or less: at once."""
        ends_s = [-math.inf]
        for limit in bucket.limits:
            failed = [each.at_s for each in self._tickets(bucket.key) if _counts(each, limit, now_s, open_too=False)]
            if len(failed) >= limit.count:
                ends_s.append(sorted(failed)[-limit.count] + limit.period_s - now_s)
        return max(ends_s)

    def _has_room(self, bucket: Bucket, now_s: float) -> bool:
        tickets = self._tickets(bucket.key)
        return all(sum(_counts(each, limit, now_s) for each in tickets) < limit.count for limit in bucket.limits)

    def _wait(self, until_s: float) -> None:
        left_s = until_s - time.monotonic()
        if left_s <= 0 or self._waiting >= MAX_WAITING:
            raise Busy("Too many logins are under way.")
        self._waiting += 1
        try:
            self._changed.wait(left_s)
        finally:
            self._waiting -= 1

    def _add(self, buckets: Sequence[Bucket], now_s: float) -> Ticket:
        ticket = Ticket(now_s, [bucket.key for bucket in buckets])
        for bucket in buckets:
            book = self._kept if bucket.is_kept else self._others
            if not bucket.is_kept and bucket.key not in book and len(book) >= MAX_COUNTED:
                self._make_room(now_s)
            page = book.setdefault(bucket.key, _Page(max(limit.period_s for limit in bucket.limits)))
            page.tickets = [*page.in_force(now_s), ticket]
        return ticket

    def _remove(self, ticket: Ticket) -> None:
        for key in ticket.keys:
            for book in (self._kept, self._others):
                if key in book and ticket in book[key].tickets:
                    book[key].tickets.remove(ticket)
                    if not book[key].tickets:
                        del book[key]

    def _make_room(self, now_s: float) -> None:
        """Evict the keys with the fewest failures: to have a key evicted, an attacker must try all others as often."""
        fewest = sorted(self._others, key=lambda key: len(self._others[key].in_force(now_s)))
        for key in fewest[: MAX_COUNTED // 4]:
            del self._others[key]


def _counts(ticket: Ticket, limit: Limit, now_s: float, *, open_too: bool = True) -> bool:
    return open_too if ticket.is_open else ticket.at_s > now_s - limit.period_s
