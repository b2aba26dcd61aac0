"""A monitor that watches one RabbitMQ as the collector does: production's probes with production's intervals."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from collector.probes.broker.management import ManagementWatch
from collector.probes.broker.queues import QueueWatch
from collector.probes.resources.resources import ResourcesProbe
from collector.probes.workers.worker import WorkerProbe
from collector.sampling.marks import PreviousSample
from collector.sampling.monitor import Probes, SystemMonitor
from store.samples.model import Check, Status
from tests.services import RabbitServer


@contextmanager
def monitoring(server: RabbitServer, queue: str) -> Iterator[SystemMonitor]:
    """The monitor's threads run until the end of the context."""
    management = ManagementWatch(server.management_url, server.url, [queue])
    watch, worker = QueueWatch(server.url, [queue], management=management), WorkerProbe(server.url, [queue])
    probes = Probes(
        resources=ResourcesProbe().read,
        database=lambda: Check(status=Status.ONLINE),
        queues=watch.take,
        worker=worker.read,
        containers=lambda: (),
        previous=PreviousSample,
    )
    with ExitStack() as stack:
        for thread in (management, watch, worker):
            thread.start()
            stack.callback(thread.stop)
        yield SystemMonitor(host="test", interval_s=3.0, version="", probes=probes)
