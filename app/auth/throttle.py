"""How often a login may fail before the next one has to wait.

Failures count, successes do not. At each account strangers share one allowance and known browsers share another:
strangers who use up theirs lock out other strangers, not the owner. The two together are all that an account allows,
whatever cookies are sent (docs/decisions/0015). The counts are in the process's memory, so they hold while every store
is down.
"""

import ipaddress
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from app.accounts.targets import Target
from app.auth.ledger import Bucket, Ledger, Limit, Ticket

MINUTE_S, HOUR_S, DAY_S = 60.0, 3600.0, 86_400.0

PER_CLIENT = (Limit(5, MINUTE_S), Limit(20, HOUR_S))
"""Of one client address without a device cookie, at all accounts together."""


@dataclass(frozen=True)
class Allowance:
    """How often attempts at one account may fail."""

    strangers: Sequence[Limit]
    """All strangers together."""
    known: Sequence[Limit]
    """All known browsers together, instead of the limits of strangers and of the client."""


PASSWORDS = Allowance(strangers=(Limit(10, 15 * MINUTE_S),), known=(Limit(10, 15 * MINUTE_S),))
"""960 guesses a day each, at passwords that are not easily guessed: such are refused."""

CODES = Allowance(
    strangers=(Limit(10, 15 * MINUTE_S), Limit(40, DAY_S)), known=(Limit(5, 15 * MINUTE_S), Limit(10, DAY_S))
)
"""For an attacker who knows the password and guesses the code: 50 a day, whatever cookie they send. One code in 333,333
is right, so it takes 18 years on average, and one year with a chance of 5 % (`tests/app/auth/test_guessing.py`).
"""


class Attempt:
    """A login that is under way."""

    def __init__(self, wait_s: int | None, ticket_id: str = "", *, is_known: bool = False) -> None:
        self.wait_s = wait_s
        """Seconds to wait before trying; None when it may go on."""
        self.ticket_id = ticket_id
        """`LoginThrottle.take_back` finds its failure by this."""
        self.is_known = is_known
        """Whether it comes from a known browser."""
        self.has_failed = False

    def fail(self) -> None:
        """Count it: the password was wrong, or a further step is still to come."""
        self.has_failed = True


class LoginThrottle:
    """Counts failures. An open attempt counts as one until it ends, and attempts beyond the limit wait for that.

    So parallel guesses gain nothing, and parallel right logins lose nothing.
    """

    def __init__(self, allowance: Allowance = PASSWORDS, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` tells monotonic seconds."""
        self._allowance = allowance
        self.ledger = Ledger(clock)

    @contextmanager
    def attempt(self, address: str, target: Target | None, *, is_known: bool = False) -> Iterator[Attempt]:
        """A login from `address`; target None: it names no account; is_known: it comes from a known browser.

        Raises: Busy, on entry.
        """
        ticket = self.ledger.open(self._buckets(address, target, is_known))
        if not isinstance(ticket, Ticket):
            yield Attempt(ticket)
            return
        attempt = Attempt(None, ticket.id, is_known=is_known)
        try:
            yield attempt
        finally:
            self.ledger.close(ticket, has_failed=attempt.has_failed)

    def take_back(self, target: Target, ticket_id: str) -> None:
        """Stop counting the failure of a password whose further steps have succeeded. Twice is the same as once."""
        self.ledger.take_back((_strangers(target), _known(target)), ticket_id)

    def _buckets(self, address: str, target: Target | None, is_known: bool) -> list[Bucket]:
        if target and is_known:
            return [Bucket(_known(target), self._allowance.known, target.is_user)]
        buckets = [Bucket(f"client:{_client(address)}", PER_CLIENT, is_kept=False)]
        if target:
            buckets.append(Bucket(_strangers(target), self._allowance.strangers, target.is_user))
        return buckets


def _strangers(target: Target) -> str:
    return f"strangers:{target.account}"


def _known(target: Target) -> str:
    return f"known:{target.account}"


def _client(address: str) -> str:
    """The client behind an address: with IPv6 a whole /64, from which it can choose at will."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:  # All such texts count together: a client could send another one each time.
        return ""
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is None:
        return str(ipaddress.IPv6Network((ip, 64), strict=False))
    return address
