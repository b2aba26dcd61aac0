"""Measures in virtual time how long the code of a second factor withstands guessing in the worst case.

The attacker knows the password, sends from any number of addresses, holds every possible device cookie and uses up
every allowance.
"""

import re
from pathlib import Path

from app.accounts.second_factors import WINDOW
from app.accounts.targets import Target, digest
from app.auth.device_cookie import DeviceCookies
from app.auth.throttle import CODES, DAY_S, LoginThrottle

ROOT = Path(__file__).resolve().parents[3]
OWNER = Target(digest("owner@example.test"), 1, "owner@example.test", "generation")
RIGHT_SHARE = len(WINDOW) / 10**6
"""Of all codes of six digits."""

PER_DAY = 50
"""What docs/decisions/0015 and SECURITY.md say."""


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def guesses_in(days: int) -> list[float]:
    """The times (s) at which a guess was accepted for checking. The attacker uses every means once a minute."""
    clock, cookies, admitted = Clock(), DeviceCookies("k" * 32), []
    throttle = LoginThrottle(CODES, clock)
    shown = [cookies.is_valid(mark, OWNER) for mark in (None, *(cookies.issue(OWNER) for _ in range(40)))]
    assert shown.count(True) == 40
    for minute in range(days * 1440):
        clock.now = minute * 60.0
        for number, is_known in enumerate(shown):
            address = f"2001:db8:{minute % 65536:x}:{number:x}::1"
            with throttle.attempt(address, OWNER, is_known=is_known) as attempt:
                if attempt.wait_s is None:
                    attempt.fail()
                    admitted.append(clock.now)
    return admitted


def test_a_code_holds_out_as_long_as_the_documents_say() -> None:
    admitted = guesses_in(2)

    in_any_day = max(sum(start <= at < start + DAY_S for at in admitted) for start in admitted)
    chance = 1 - (1 - RIGHT_SHARE) ** (in_any_day * 365.25)
    years = 1 / RIGHT_SHARE / (in_any_day * 365.25)
    assert len(admitted) == 2 * in_any_day
    assert (in_any_day, round(years), round(100 * chance)) == (PER_DAY, 18, 5)
    for name in ("docs/decisions/0015-who-may-try-a-password.md", "app/auth/throttle.py"):
        text = re.sub(r"\s+", " ", (ROOT / name).read_text(encoding="utf-8"))
        assert "18 years on average, and one year with a chance of 5 %" in text, name
        assert f"{PER_DAY} a day" in text, name
