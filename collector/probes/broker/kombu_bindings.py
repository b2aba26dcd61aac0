"""Reads kombu's bindings in a watched Redis: which queues exist, and whether other options spell their keys.

kombu lists every queue that a worker or publisher has declared in the sets `_kombu.binding.<exchange>`, as
`routing key, sep, pattern, sep, queue`. Finding the sets takes a scan of all keys, so the scan goes in bounded steps: a
Redis with millions of keys must not feel it.

Source: kombu 5.7.0 transport/redis.py, `Channel._queue_bind`.
"""

import time
from collections import deque
from collections.abc import Sequence

import redis

from collector.probes.broker.redis_connection import RedisConnection
from settings.broker_options import BrokerOptions

STEP_PAUSE_S = 0.5
"""Between two steps of a scan: a million keys take 8 minutes, and some 0.3 % of Redis' time meanwhile."""

SEARCH_PAUSE_S = 2.0
"""Between two scans while a queue is missing."""

SCAN_PAUSE_S = 300.0
"""Between two scans otherwise: an application may get another separator or prefix."""

SCAN_COUNT = 1000
"""Keys that Redis scans in one step, 1 to 2 ms during which other clients wait."""

MEMBERS = 1000
"""Members of a set read at once; a broker that leaks reply queues has sets of many thousands."""

SETS_A_STEP = 20

MEMBER_BYTES = 2000
"""A longer member is no binding: a queue's name and a routing key have at most 255 bytes each."""

MAX_SEPARATOR = 64

_MARK = "_kombu.binding."
_NOT_TASKS = ("reply.celery.pidbox", "celery.pidbox", "celeryev")
"""Exchanges of Celery's own traffic."""


class Bindings:
    """The bindings of the watched queues found so far. Outlives the connection; not thread-safe."""

    def __init__(self, options: BrokerOptions) -> None:
        self._options = options
        self.bound: set[str] = set()
        """Queues bound under keys as the options spell them."""
        self.separators: dict[str, set[str]] = {}
        """By queue, other separators in its bindings."""
        self.prefixes: dict[str, set[str]] = {}
        """By queue, other key prefixes under which it is bound."""
        self.has_scanned = False
        """Whether all keys were scanned once; never without the right to SCAN."""
        self._cursor = 0
        self._is_scanning = False
        self._is_allowed = True
        self._sets: deque[tuple[str, int]] = deque()
        """Sets still to read, and the cursor in each."""
        self._stepped_at_s = float("-inf")

    def scan_step(self, connection: RedisConnection, names: Sequence[str], *, is_missing: bool) -> None:
        """Take the next step of the scan if it is due. `is_missing`: one of `names` is missing.

        Raises: what redis-py raises when Redis does not answer.
        """
        is_resting = not self._is_scanning and not self._sets
        pause_s = SEARCH_PAUSE_S if is_missing else SCAN_PAUSE_S
        now_s = time.monotonic()
        if now_s - self._stepped_at_s < (pause_s if is_resting else STEP_PAUSE_S):
            return
        self._stepped_at_s = now_s
        if is_resting:
            self._is_scanning = True
        if not self.has_scanned and not self._cursor:  # Celery's own places first.
            self._sets.extend((f"{self._options.key(_MARK)}{name}", 0) for name in (*names, "celery"))
        if self._is_scanning and len(self._sets) <= SETS_A_STEP:
            self._find_sets(connection)
        self._read_sets(connection, names)
        self.has_scanned = self.has_scanned or (self._is_allowed and not self._is_scanning and not self._sets)

    def _find_sets(self, connection: RedisConnection) -> None:
        scan = ("SCAN", self._cursor, "MATCH", f"*{_MARK}*", "COUNT", SCAN_COUNT)
        answer = connection.execute(connection.pack([scan]), 1)[0]
        self._is_allowed = not isinstance(answer, redis.ResponseError)
        self._cursor, keys = (int(answer[0]), answer[1]) if self._is_allowed else (0, [])
        self._is_scanning = self._cursor != 0
        found = (key.decode(errors="replace") for key in keys)
        self._sets.extend((key, 0) for key in dict.fromkeys(found) if not key.endswith(_NOT_TASKS))

    def _read_sets(self, connection: RedisConnection, names: Sequence[str]) -> None:
        asked = [self._sets.popleft() for _ in range(min(SETS_A_STEP, len(self._sets)))]
        if not asked:
            return
        question = connection.pack([("SSCAN", key, cursor, "COUNT", MEMBERS) for key, cursor in asked])
        for (key, _), answer in zip(asked, connection.execute(question, len(asked)), strict=True):
            if isinstance(answer, redis.ResponseError):  # No set, or forbidden.
                continue
            if int(answer[0]):
                self._sets.append((key, int(answer[0])))
            for member in answer[1]:
                self._note(key.partition(_MARK)[0], member[:MEMBER_BYTES].decode(errors="replace"), names)

    def _note(self, prefix: str, member: str, names: Sequence[str]) -> None:
        for name in names:
            separator = separator_of(member, name, self._options.sep)
            if separator is None:
                continue
            if prefix != self._options.global_keyprefix:
                self.prefixes.setdefault(name, set()).add(prefix)
                continue
            self.bound.add(name)
            if separator != self._options.sep:
                self.separators.setdefault(name, set()).add(separator)


def separator_of(member: str, queue: str, expected: str) -> str | None:
    """The separator in one binding; None if the binding is another queue's.

    An unexpected separator is the text that stands twice before the queue's name, because the pattern between is empty.
    Only topic exchanges have a pattern; there the separator is kombu's own or stays unknown.
    """
    splits = {separator: member.split(separator) for separator in (expected, BrokerOptions().sep)}
    whole = {separator: parts for separator, parts in splits.items() if len(parts) == 3}
    if whole:
        return next((separator for separator, parts in whole.items() if parts[2] == queue), None)
    if not member.endswith(queue):
        return None
    before = member[: len(member) - len(queue)]
    sizes = range(min(MAX_SEPARATOR, len(before) // 2), 0, -1)
    return next((before[-size:] for size in sizes if before.endswith(before[-size:] * 2)), None)
