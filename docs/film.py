"""Turns a scene into samples, judged and marked by the collector's own code. [pure]"""

from collections import deque
from collections.abc import Iterator
from dataclasses import replace

from collector.judgement.judge import Judge
from collector.probes.broker.departures import Movement
from collector.probes.workers.worker_inspect import Inspection
from collector.sampling.marks import Marker, PreviousSample, carry_over
from docs.scene_workers import make_crew, make_workload
from docs.scenes import HOST, INTERVAL_S, KIND, PAST_S, QUEUE, Scene
from store.logs.task_failures import TaskFailures
from store.samples.model import Basis, Check, Queue, QueueState, Reserved, Sample, Status
from store.samples.resources import Cpu, Ram, Scope
from store.samples.workload import Workload

STUCK_S = 60.0
GIB = 2**30


class Dispatch:
    """The messages of a scene: first in, first out, in steps of an interval."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._waiting: list[tuple[float, float]] = []
        self._left_at_s: float | None = None
        self._left: deque[float] = deque(maxlen=60 // INTERVAL_S)

    @property
    def left_per_min(self) -> float:
        """How many messages left within the last minute."""
        return sum(self._left)

    def pass_interval(self, at_s: float) -> Queue:
        """The queue at the end of the interval that ends then."""
        came = self._scene.arrivals(at_s) * INTERVAL_S
        if came:
            self._waiting.append((at_s - INTERVAL_S / 2, came))
        peak = sum(count for _, count in self._waiting)
        left = self._take(self._scene.pace(at_s) * INTERVAL_S)
        self._left.append(left)
        if left or not self._waiting:
            self._left_at_s = at_s
        ready = round(sum(count for _, count in self._waiting))
        return Queue(
            name=QUEUE,
            state=QueueState.OK,
            ready=ready,
            peak=max(ready, round(peak)),
            in_per_s=round(came / INTERVAL_S, 2),
            out_per_s=round(left / INTERVAL_S, 2),
            wait_s=round(at_s - self._waiting[0][0], 1) if ready else 0.0,
            basis=Basis.HEAD,
        )

    def movement(self, at_s: float) -> Movement:
        """How messages leave the queue."""
        if not self._waiting or self._left_at_s is None:
            return Movement(is_certain=True)
        return Movement(still_s=at_s - self._left_at_s, unchanged_s=at_s - self._left_at_s, is_certain=True)

    def _take(self, most: float) -> float:
        left = 0.0
        while self._waiting and left < most:
            arrived_s, count = self._waiting.pop(0)
            taken = min(count, most - left)
            left += taken
            if count > taken:
                self._waiting.insert(0, (arrived_s, count - taken))
        return left


def samples(scene: Scene, begin_s: float) -> Iterator[tuple[float, Sample, Workload]]:
    """Each sample with its time and the workers' tables, without end. `begin_s`: epoch s of the first."""
    dispatch, judge, marker, before = Dispatch(scene), Judge(STUCK_S), Marker(INTERVAL_S), PreviousSample()
    at_s = begin_s
    while True:
        moment_s = at_s - begin_s - PAST_S
        queue, movement = dispatch.pass_interval(moment_s), dispatch.movement(moment_s)
        workload = make_workload(scene, moment_s, queue, dispatch.left_per_min)
        bare = _sample(at_s, queue, _worker_check(queue, movement), workload, moment_s)
        verdict = judge.judge(
            bare,
            {QUEUE: movement},
            workload,
            moment_s,
            inspection=_inspection(scene, moment_s),
            failures=_failures(scene, moment_s),
        )
        sample = replace(bare, verdict=verdict, marks=marker.marks(before, bare))
        before = carry_over(before, sample)
        yield at_s, sample, workload
        at_s += INTERVAL_S


def _inspection(scene: Scene, moment_s: float) -> Inspection:
    if scene.silent_since_s is None or moment_s < scene.silent_since_s:
        return Inspection(served={QUEUE: scene.workers})
    return Inspection(silent_s=moment_s - scene.silent_since_s, reason="ping_silent")


def _failures(scene: Scene, moment_s: float) -> TaskFailures | None:
    if scene.failed is None or moment_s < scene.failed[1]:
        return None
    count, failed_at_s = scene.failed
    return TaskFailures(kind=KIND, age_s=moment_s - failed_at_s, count=count)


def _worker_check(queue: Queue, movement: Movement) -> Check:
    idle_s = movement.still_s or 0
    if idle_s < STUCK_S:
        return Check(status=Status.ONLINE, latency_ms=4.1)
    facts = {"queue": QUEUE, "idle_s": int(idle_s), "waiting": queue.ready or 0}
    return Check(status=Status.OFFLINE, reason="no_progress", facts=facts)


def _sample(at_s: float, queue: Queue, worker: Check, workload: Workload, moment_s: float) -> Sample:
    load = 22 + 30 * (queue.out_per_s or 0) / 45 + moment_s % 7
    cpu = Cpu(scope=Scope.CONTAINER, percent=round(min(load, 97), 1), cores=2)
    ram = Ram(scope=Scope.CONTAINER, used_bytes=int(0.71 * GIB), limit_bytes=2 * GIB, percent=35.5 + moment_s % 2)
    host_ram = Ram(scope=Scope.HOST, used_bytes=int(4.3 * GIB), limit_bytes=8 * GIB, percent=53.8)
    checks = {
        "database": Check(status=Status.ONLINE, latency_ms=1.2 + moment_s % 5 / 4),
        "worker": worker,
        "rabbitmq": Check(status=Status.ONLINE, latency_ms=0.4),
    }
    heard = [each for each in workload.workers if (each.age_s or 0) < 30]
    return Sample(
        host=HOST,
        slot=int(at_s / INTERVAL_S),
        at=at_s,
        took_ms=6.0,
        cpu=cpu,
        ram=ram,
        host_cpu=replace(cpu, scope=Scope.HOST, percent=round(min(load, 97) * 0.6, 1), cores=4),
        host_ram=host_ram,
        queues=(queue,),
        checks=checks,
        broker_kind="redis",
        version="1.8.0",
        reserved=Reserved(count=sum(each.busy or 0 for each in heard), visibility_timeout_s=3600),
        crew=make_crew(workload, heard, queue),
    )
