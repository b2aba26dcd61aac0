"""Faults of the application's workers on Redis."""

from bench.faults import workers
from bench.faults.testbed import Testbed
from tests.services import RedisServer


def make_testbed() -> Testbed:
    """One whose watched broker is Redis."""
    return workers.make_testbed(RedisServer())


FAULTS = workers.faults("Redis")
