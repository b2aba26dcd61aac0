"""How often a login may fail before the next has to wait.

Failures count, successes do not. Strangers share one allowance at an account, the browsers that the account is known
to use share another: strangers who use up theirs shut out other strangers, not its owner. Both together are what an
account allows in all, whatever cookies are shown. Why so is in docs/decisions/0015. Counted in the process's own
memory: it holds when every store is down.
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
"""Of one address that no mark speaks for, whatever the account."""


@dataclass(frozen=True)
class Allowance:
    """How often it may fail at one account."""

    strangers: Sequence[Limit]
    """All of them together."""
    known: Sequence[Limit]
    """All the browsers that the account is known to use together, in place of the strangers' and the client's."""


PASSWORDS = Allowance(strangers=(Limit(10, 15 * MINUTE_S),), known=(Limit(10, 15 * MINUTE_S),))
"""960 guesses a day each, at passwords of which the guessable are refused."""

CODES = Allowance(
    strangers=(Limit(10, 15 * MINUTE_S), Limit(40, DAY_S)), known=(Limit(5, 15 * MINUTE_S), Limit(10, DAY_S))
)
"""Of who knows the password and guesses the code: 50 a day, whatever they show. One in 333,333 is right, so it takes
18 years on average, and one year with a chance of 5 % (`tests/app/auth/test_guessing.py`).
"""


class Attempt:
    """One login that is under way."""

    def __init__(self, wait_s: int | None, ticket_id: str = "", *, is_known: bool = False) -> None:
        self.wait_s = wait_s
        """Seconds after which it may be tried; None when it may go on."""
        self.ticket_id = ticket_id
        """By which `LoginThrottle.take_back` finds its failure."""
        self.is_known = is_known
        """Whether it comes from a browser with the account's mark."""
        self.has_failed = False

    def fail(self) -> None:
        """Count it: the password was wrong, or what else has to be shown was not yet."""
        self.has_failed = True


class LoginThrottle:
    """Counts failures. What is under way counts as one until it is known, and whom it keeps out waits for it: many
    guesses at once gain nothing, and many right logins at once lose nothing.
    """

    def __init__(self, allowance: Allowance = PASSWORDS, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` tells monotonic seconds."""
        self._allowance = allowance
        self.ledger = Ledger(clock)

    @contextmanager
    def attempt(self, address: str, target: Target | None, *, is_known: bool = False) -> Iterator[Attempt]:
        """A login from `address`, at nobody's account where it names none; is_known: from a browser with its mark.

        Raises: Busy.
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
        """What was counted because more had to be shown was no failure: it was shown. A second time does nothing."""
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
    """Who is behind an address: an IPv6 client has a whole /64 to choose from."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:  # All of them together: what is no address could be another one each time.
        return ""
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is None:
        return str(ipaddress.IPv6Network((ip, 64), strict=False))
    return address
