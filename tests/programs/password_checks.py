"""Checks four passwords under gevent, and prints how often the event loop went round meanwhile."""

from gevent import monkey

monkey.patch_all()
import gevent  # noqa: E402
from argon2 import PasswordHasher  # noqa: E402

from app.accounts import passwords  # noqa: E402

passwords.TURN_S = 60
checker = passwords.Passwords(PasswordHasher(time_cost=10, memory_cost=19_456, parallelism=1))
hashed = checker.hash("correct horse battery")
ticks = 0


def tick() -> None:
    """Count the rounds."""
    global ticks  # noqa: PLW0603
    while True:
        gevent.sleep(0.001)
        ticks += 1


gevent.spawn(tick)
checks = [gevent.spawn(checker.verify, hashed, "correct horse battery") for _ in range(4)]
gevent.joinall(checks, raise_error=True)
assert all(check.value for check in checks)
print(ticks)
