"""How often a login may fail before the next has to wait, and how many log lines a token may send.

Failures count, successes do not. A browser that this account has logged in from before has an allowance of its own, so
that strangers who use up the account's shut out other strangers, not its owner. At the password nobody waits longer
than an hour. Why so is in docs/decisions/0015. Counted in the process's own memory: it holds when every store is down.
"""

import hashlib
import ipaddress
import math
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter

PER_CLIENT = (RateLimitItemPerMinute(5), RateLimitItemPerHour(20))
"""Of one address, whatever the account."""

PER_ACCOUNT = (RateLimitItemPerMinute(10, 15),)
"""Of strangers together: 960 guesses a day at most, at passwords of which the guessable are refused."""

PER_CODE = (RateLimitItemPerMinute(10, 15), RateLimitItemPerDay(50))
"""Of strangers who know the account's password and guess the code. At 50 a day they need 18 years on average."""

PER_BROWSER = (RateLimitItemPerMinute(10, 15),)
"""Of a browser that the account is known to use, in place of the two others."""


class Attempt:
    """One login that is under way."""

    def __init__(self, wait_s: int | None) -> None:
        self.wait_s = wait_s
        """Seconds after which it may be tried; None when it may go on."""
        self.has_failed = False

    def fail(self) -> None:
        """Count it: the password was wrong."""
        self.has_failed = True


MAX_COUNTED = 4096
"""Addresses and accounts whose failures are remembered."""


class _NoTimer(threading.Timer):
    """In place of the one by which limits looks through all that it remembers after every failure: milliseconds in
    which nobody is served, as often as somebody wants to.
    """

    def __init__(self) -> None:
        super().__init__(0, lambda: None)

    def is_alive(self) -> bool:
        """As if it had been started already."""
        return True


class BoundedStorage(MemoryStorage):
    """Forgets first whoever has failed least: to be forgotten, all others must be tried as often."""

    def __init__(self) -> None:
        super().__init__()
        self.timer.cancel()
        self.timer = _NoTimer()

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count `amount` of `limit` in `expiry` (s), as limits asks for; whether there was room."""
        if key in self.events:
            now = time.time()
            self.events[key] = [entry for entry in self.events[key] if entry.expiry > now]
        elif len(self.events) >= MAX_COUNTED:
            self._make_room()
        return super().acquire_entry(key, limit, expiry, amount)

    def _make_room(self) -> None:
        now = time.time()
        in_force = {key: sum(entry.expiry > now for entry in entries) for key, entries in list(self.events.items())}
        for key in sorted(in_force, key=lambda key: in_force[key])[: MAX_COUNTED // 4]:
            self.clear(key)


LINES_PER_TOKEN = RateLimitItemPerMinute(600)
"""Log lines a token may send; ten a second are far more than anybody reads."""


class LoginThrottle:
    """Counts failures. What is under way counts as one until it is known: many at once gain nothing."""

    def __init__(
        self, per_account: Sequence[RateLimitItem] = PER_ACCOUNT, storage: BoundedStorage | None = None
    ) -> None:
        self._per_account = per_account
        self._limiter = MovingWindowRateLimiter(storage or BoundedStorage())
        self._under_way: Counter[str] = Counter()

    @contextmanager
    def attempt(self, address: str, email: str, browser: str | None = None) -> Iterator[Attempt]:
        """A login from `address`; `browser` names one that `email` is known to have logged in from."""
        buckets = _buckets(address, email, browser, self._per_account)
        waits_s = [self._wait_s(limit, key) for limit, key in buckets if not self._has_room(limit, key)]
        if waits_s:
            yield Attempt(max(waits_s))
            return
        keys = {key for _, key in buckets}
        self._under_way.update(keys)
        attempt = Attempt(None)
        try:
            yield attempt
        finally:
            self._under_way -= Counter(keys)
            if attempt.has_failed:
                for limit, key in buckets:
                    self._limiter.hit(limit, key)

    def _has_room(self, limit: RateLimitItem, key: str) -> bool:
        return self._limiter.test(limit, key, cost=self._under_way[key] + 1)

    def _wait_s(self, limit: RateLimitItem, key: str) -> int:
        if self._limiter.test(limit, key):
            return 1  # Only what is under way is in the way.
        return max(1, math.ceil(self._limiter.get_window_stats(limit, key).reset_time - time.time()))


def _buckets(
    address: str, email: str, browser: str | None, per_account: Sequence[RateLimitItem]
) -> list[tuple[RateLimitItem, str]]:
    if browser is not None:
        return [(limit, f"browser:{browser}") for limit in PER_BROWSER]
    # Hashed, so that no list of addresses lies in memory and every key is equally long.
    account = hashlib.sha256(email.strip().lower().encode()).hexdigest()
    client = _client(address)
    return [
        *((limit, f"client:{client}") for limit in PER_CLIENT),
        *((limit, f"account:{account}") for limit in per_account),
    ]


class LogThrottle:
    """Counts log lines."""

    def __init__(self) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    def count(self, credential: str, lines: int) -> int | None:
        """Count lines of one request. None when they may come in, else the seconds after which they may."""
        if self._limiter.hit(LINES_PER_TOKEN, credential, cost=lines):
            return None
        return max(1, math.ceil(self._limiter.get_window_stats(LINES_PER_TOKEN, credential).reset_time - time.time()))


def _client(address: str) -> str:
    """Who is behind an address: an IPv6 client has a whole /64 to choose from."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:  # All of them together: what is no address could be another one each time.
        return ""
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is None:
        return str(ipaddress.IPv6Network((ip, 64), strict=False))
    return address
