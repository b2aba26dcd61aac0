"""A started queue watch, and waits for its readings."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import amqp

from collector.probes.broker.management import ManagementWatch
from collector.probes.broker.queues import QueueWatch
from collector.probes.broker.reading import Reading
from settings.broker_options import BrokerOptions
from store.samples.model import Queue
from tests.process import PATIENCE_S
from tests.services import wait_until


@contextmanager
def watching(
    url: str,
    *names: str,
    options: BrokerOptions | None = None,
    management: ManagementWatch | None = None,
    read_interval_s: float = 0.02,
) -> Iterator[QueueWatch]:
    """A started watch that reads more often than in production, so that the tests are short."""
    watch = QueueWatch(url, names, options=options, management=management, read_interval_s=read_interval_s)
    watch.start()
    try:
        yield watch
    finally:
        watch.stop()


def await_reading(watch: QueueWatch, is_wanted: Callable[[Reading], object], deadline_s: float = PATIENCE_S) -> Reading:
    """The first reading for which `is_wanted` holds."""
    readings: list[Reading] = []

    def take() -> object:
        readings.append(watch.take())
        return is_wanted(readings[-1])

    wait_until(take, deadline_s, "a reading as wanted")
    return readings[-1]


def await_queue(watch: QueueWatch, is_wanted: Callable[[Queue], object], deadline_s: float = PATIENCE_S) -> Queue:
    """The first state of the only watched queue for which `is_wanted` holds."""
    return await_reading(watch, lambda reading: is_wanted(reading.queues[0]), deadline_s).queues[0]


def publish(channel: amqp.Channel, name: str, count: int) -> None:
    """Publish that many messages, each confirmed."""
    for _ in range(count):
        channel.basic_publish_confirm(amqp.Message("x"), routing_key=name)
