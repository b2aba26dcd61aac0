"""Runs the probes within the tick's budget and builds one Sample of their results."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from collector.judgement.judge import Judge
from collector.probes.broker.broker import read_broker
from collector.probes.broker.reading import Reading
from collector.probes.resources.resources import Resources
from collector.probes.workers.worker_inspect import Inspection
from collector.probes.workers.worker_verdict import STUCK_S
from collector.sampling.background_probe import BackgroundProbe, ProbeExecutor
from collector.sampling.marks import Marker, PreviousSample, carry_over
from store.logs.task_failures import TaskFailures
from store.samples.model import Check, Sample, Status, Trouble, TroubleCode
from store.samples.resources import Container, Cpu, Ram, Scope
from store.samples.workload import Crew, Workload

T = TypeVar("T")

TICK_BUDGET_S = 0.9
"""Longest wait for all probes of a tick together. Healthy ones take a few milliseconds."""

PREVIOUS_TIMEOUT_S = 0.1
"""Share of the budget for reading the previous sample from the store, needed only when it is not in memory."""

NO_ANSWER = Check(status=Status.OFFLINE, reason="timeout")
"""The check of a database that has not answered when the tick ends."""

_NO_RESOURCES = Resources(
    cpu=Cpu(scope=Scope.HOST), ram=Ram(scope=Scope.HOST), host_cpu=Cpu(scope=Scope.HOST), host_ram=Ram(scope=Scope.HOST)
)


@dataclass(frozen=True, kw_only=True)
class Probes:
    """What each tick reads. `queues` and `worker` return at once what their own threads have seen."""

    resources: Callable[[], Resources]
    database: Callable[[], Check]
    queues: Callable[[], Reading | None]
    """None when no broker is watched."""
    worker: Callable[[Reading | None], Check]
    containers: Callable[[], tuple[Container, ...]]
    previous: Callable[[], PreviousSample]
    """The newest stored sample of this host; the first sample after a start is compared with it."""
    crew: Callable[[], Crew | None] = lambda: None
    """The workers together, from what other threads have heard; returns at once."""
    troubles: Callable[[], tuple[Trouble, ...]] = tuple
    """Faults of the monitoring itself that the last write found."""
    workload: Callable[[], Workload | None] = lambda: None
    """What the workers do, as far as it is known."""
    inspection: Callable[[], Inspection | None] = lambda: None
    """How the workers answered the last question."""
    failures: Callable[[], TaskFailures | None] = lambda: None
    """Tasks that failed lately, by the critical logs."""


class SystemMonitor:
    """Takes samples of this host, one a tick."""

    def __init__(
        self,
        *,
        host: str,
        interval_s: float,
        version: str,
        probes: Probes,
        stuck_s: float = STUCK_S,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """stuck_s: after so long without a departure, waiting messages mean a standstill."""
        self._host = host
        self._interval_s = interval_s
        self._version = version
        self._wall = wall
        self._probes = probes
        executor = ProbeExecutor("probes")
        self._resources = BackgroundProbe(
            "resources", probes.resources, when_stuck=_NO_RESOURCES, when_failed=_NO_RESOURCES, executor=executor
        )
        self._database = BackgroundProbe(
            "database",
            probes.database,
            when_stuck=NO_ANSWER,
            when_failed=Check(status=Status.UNKNOWN, reason="error"),
            executor=executor,
        )
        self._containers: BackgroundProbe[tuple[Container, ...]] = BackgroundProbe(
            "containers", probes.containers, when_stuck=(), when_failed=(), executor=executor
        )
        self._failures: BackgroundProbe[TaskFailures | None] = BackgroundProbe(
            "failures", probes.failures, when_stuck=None, when_failed=None, executor=executor
        )
        self._previous_probe: BackgroundProbe[PreviousSample | None] = BackgroundProbe(
            "previous", probes.previous, when_stuck=None, when_failed=None, executor=executor
        )
        self._judge = Judge(stuck_s)
        self._marker = Marker(interval_s)
        self._previous: PreviousSample | None = None
        """None: not in memory, so the store is asked. Samples carry no marks until it answers."""

    def sample(self) -> Sample:
        """Take one sample within TICK_BUDGET_S, whatever hangs: a figure that has not come by then is unknown."""
        at_s, started_s = self._wall(), time.monotonic()
        reading = self._probes.queues()
        worker = self._probes.worker(reading)
        for probe in (self._resources, self._database, self._failures, self._containers):
            probe.start()
        if self._previous is None:
            self._previous_probe.start()

        def result(probe: BackgroundProbe[T]) -> T:
            return probe.result(TICK_BUDGET_S - (time.monotonic() - started_s))

        # Last started, first awaited: by then the others have usually finished too, so this thread wakes once.
        containers, failures = result(self._containers), result(self._failures)
        database, resources = result(self._database), result(self._resources)
        sample = Sample(
            host=self._host,
            slot=math.floor(at_s / self._interval_s),
            at=at_s,
            took_ms=(time.monotonic() - started_s) * 1000,
            cpu=resources.cpu,
            ram=resources.ram,
            host_cpu=resources.host_cpu,
            host_ram=resources.host_ram,
            queues=reading.queues if reading else (),
            checks={"database": database, "worker": worker, "rabbitmq": read_broker(reading)},
            containers=containers,
            broker_kind=reading.broker_kind if reading else None,
            version=self._version,
            crew=self._probes.crew(),
            reserved=reading.reserved if reading else None,
            troubles=(*self._probes.troubles(), *_shared_names(containers)),
        )
        verdict = self._judge.judge(
            sample,
            reading.movements if reading else {},
            self._probes.workload(),
            time.monotonic(),
            inspection=self._probes.inspection(),
            failures=failures,
        )
        sample = replace(sample, verdict=verdict)
        if self._previous is None:
            self._previous = self._previous_probe.result(
                min(PREVIOUS_TIMEOUT_S, TICK_BUDGET_S - (time.monotonic() - started_s))
            )
        return replace(sample, marks=self._marker.marks(self._previous, sample)) if self._previous else sample

    def written(self, sample: Sample) -> None:
        """Note that `sample` is stored: the next one is compared with it."""
        self._previous = carry_over(self._previous or PreviousSample(), sample)

    def lost(self) -> None:
        """Note that the last sample may not be stored: the store is asked for the previous one."""
        self._previous = None


def _shared_names(containers: tuple[Container, ...]) -> tuple[Trouble, ...]:
    return tuple(
        Trouble(code=TroubleCode.CONTAINER_SHARED, facts={"name": container.name, "count": container.sources})
        for container in containers
        if container.sources > 1
    )
