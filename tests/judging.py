"""Judges what the probes see on a real broker, as the collector does, but as often as a test asks."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from collector.judgement.judge import Judge
from collector.probes.broker.broker import read_broker
from collector.probes.broker.management import ManagementWatch
from collector.probes.broker.queues import QueueWatch
from collector.probes.events.listener import EventListener
from collector.probes.workers.worker import WorkerProbe
from collector.workload.tables import WorkerTables
from store.samples.verdict import Finding, Verdict
from tests.builders import make_sample
from tests.process import PATIENCE_S
from tests.services import wait_until
from tests.worker_probe import ONLINE, probing


class Judging:
    """Verdicts on one queue."""

    def __init__(
        self,
        queue: str,
        watch: QueueWatch,
        probe: WorkerProbe,
        *,
        stuck_s: float,
        listener: EventListener | None = None,
    ) -> None:
        self._watch = watch
        self._probe = probe
        self._tables = WorkerTables([queue], asked=probe.inspector, listener=listener, interval_s=1.0)
        self._judge = Judge(stuck_s)

    def verdict(self) -> Verdict:
        """The verdict of this moment."""
        reading, now_s = self._watch.take(), time.monotonic()
        checks = {"database": ONLINE, "rabbitmq": read_broker(reading), "worker": self._probe.read(reading)}
        sample = make_sample(queues=reading.queues, checks=checks, broker_kind=reading.broker_kind, verdict=None)
        self._tables.crew(now_s)
        workload = self._tables.workload(now_s)
        return self._judge.judge(sample, reading.movements, workload, now_s, inspection=self._probe.inspection())

    def await_cause(self, code: str) -> Finding:
        """The cause with this code, once the verdict has it."""
        verdicts: list[Verdict] = []

        def is_told() -> bool:
            verdicts.append(self.verdict())
            cause = verdicts[-1].cause
            return cause is not None and cause.code == code

        wait_until(is_told, PATIENCE_S, f"the cause is {code}")
        assert verdicts[-1].cause is not None
        return verdicts[-1].cause


@contextmanager
def judging(
    url: str,
    queue: str,
    *,
    stuck_s: float = 2.0,
    management: ManagementWatch | None = None,
    listener: EventListener | None = None,
) -> Iterator[Judging]:
    with probing(url, queue, stuck_s=stuck_s, management=management) as (watch, probe):
        yield Judging(queue, watch, probe, stuck_s=stuck_s, listener=listener)
