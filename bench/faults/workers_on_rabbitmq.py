"""Faults of the application's workers on RabbitMQ."""

from bench.faults import workers
from bench.faults.testbed import Testbed
from tests.services import RabbitServer


def make_testbed() -> Testbed:
    """One whose watched broker is RabbitMQ."""
    return workers.make_testbed(RabbitServer())


FAULTS = workers.faults("RabbitMQ")
