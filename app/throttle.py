"""How often a login may be tried, per client and per account, refused or not; and how many log lines a token may send.

Counted in the process's own memory, so that it holds when every store is down; a restart forgets it, and each further
web process allows as much again. Nobody is locked out for good: an attempt counts for a minute, an hour or a day.
"""

import hashlib
import ipaddress
import math
import time

from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter

PER_CLIENT = (RateLimitItemPerMinute(5), RateLimitItemPerHour(20))
PER_ACCOUNT = RateLimitItemPerDay(20)
"""OWASP ASVS 5.0, 6.3.1. The client's are asked first: one that has used them up cannot use up an account's."""

LINES_PER_TOKEN = RateLimitItemPerMinute(600)
"""Log lines a token may send; ten a second are far more than anybody reads."""


class LoginThrottle:
    """Counts attempts."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def count(self, address: str, email: str) -> int | None:
        """Count one attempt. None when it may go on, else the seconds after which the next one may."""
        client = _client(address)
        # Hashed, so that no list of addresses lies in memory and every key is equally long.
        account = hashlib.sha256(email.strip().lower().encode()).hexdigest()
        attempts = [*((limit, f"client:{client}") for limit in PER_CLIENT), (PER_ACCOUNT, f"account:{account}")]
        return next((self._wait_s(*attempt) for attempt in attempts if not self._limiter.hit(*attempt)), None)

    def _wait_s(self, limit: RateLimitItem, key: str) -> int:
        return max(1, math.ceil(self._limiter.get_window_stats(limit, key).reset_time - time.time()))


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
    except ValueError:  # A Unix socket has no address.
        return address
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is None:
        return str(ipaddress.IPv6Network((ip, 64), strict=False))
    return address
