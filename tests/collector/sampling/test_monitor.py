"""A sample comes in time and is true, whatever its probes do."""

import threading

import pytest

from collector.probes.broker.departures import Movement
from collector.probes.broker.reading import Reading
from collector.probes.resources.resources import Resources
from collector.sampling import monitor as sampling
from collector.sampling.marks import PreviousSample
from collector.sampling.monitor import Probes, SystemMonitor
from store.logs.task_failures import TaskFailures
from store.samples.model import Check, Status
from store.samples.resources import Container, Cpu, Ram, Scope
from store.samples.workload import Worker, Workload
from tests.builders import make_queue
from tests.promises import Promise

ONLINE = Check(status=Status.ONLINE, latency_ms=1.0)
CPU = Cpu(scope=Scope.CONTAINER, percent=24.5, cores=0.5)
RAM = Ram(scope=Scope.CONTAINER, used_bytes=100, limit_bytes=200, percent=50.0)
BACKEND = Container(name="backend", age_s=0.5, cpu=CPU, ram=RAM)
RESOURCES = Resources(cpu=CPU, ram=RAM, host_cpu=CPU, host_ram=RAM)


def make_monitor(**overrides):
    probes = {
        "resources": lambda: RESOURCES,
        "database": lambda: ONLINE,
        "queues": lambda: Reading(broker_kind="redis", queues=(make_queue(ready=7),), latency_ms=1.0),
        "worker": lambda reading: ONLINE,
        "containers": lambda: (BACKEND,),
        "previous": PreviousSample,
    }
    return SystemMonitor(
        host="web-1", interval_s=3.0, version="1.7.0", probes=Probes(**{**probes, **overrides}), wall=lambda: 3002.9
    )


@pytest.fixture
def hang():
    """A probe that does not return before the test ends."""
    release = threading.Event()

    def read(*_):
        release.wait()

    yield read
    release.set()


def test_a_sample_holds_the_result_of_every_probe():
    sample = make_monitor().sample()

    assert (sample.host, sample.at, sample.slot) == ("web-1", 3002.9, 1000)
    assert (sample.cpu, sample.ram, sample.queue_size, sample.broker_kind) == (CPU, RAM, 7, "redis")
    assert sample.containers == (BACKEND,)
    assert {name: check.status for name, check in sample.checks.items()} == {
        "database": "online", "worker": "online", "rabbitmq": "online",
    }  # fmt: skip


def test_a_database_that_hangs_is_offline_and_costs_the_others_nothing(hang, monkeypatch):
    monitor = make_monitor(database=hang)

    samples = [monitor.sample()]
    # Only the first tick waits; then the probe is known to be stuck. A tick that waited now would never end.
    monkeypatch.setattr(sampling, "TICK_BUDGET_S", threading.TIMEOUT_MAX)
    samples += [monitor.sample() for _ in range(2)]

    assert [sample.checks["database"] for sample in samples] == [Check(status=Status.OFFLINE, reason="timeout")] * 3
    assert all(sample.cpu == CPU and sample.queue_size == 7 for sample in samples)


def test_all_probes_hanging_end_the_tick_before_the_next_one_is_due(hang):
    with Promise.TICK.kept():
        sample = make_monitor(database=hang, resources=hang).sample()

    assert (sample.cpu.percent, sample.ram.used_bytes) == (None, None)


def test_a_probe_that_raises_costs_its_own_figures_only():
    def broken():
        raise RuntimeError("a bug")

    sample = make_monitor(resources=broken).sample()

    assert sample.cpu.percent is None
    assert sample.checks["database"] == ONLINE


def test_without_a_watched_broker_it_shows_as_disabled():
    sample = make_monitor(queues=lambda: None, worker=lambda reading: Check(status=Status.DISABLED)).sample()

    assert sample.checks["rabbitmq"].status == "disabled"
    assert (sample.broker_kind, sample.queue_size) == (None, None)


def test_a_sample_carries_the_verdict_on_it():
    down = Check(status=Status.OFFLINE, reason="refused")
    samples = [make_monitor().sample(), make_monitor(database=lambda: down).sample()]

    assert [(sample.verdict.level, sample.verdict.code) for sample in samples] == [
        ("fine", "waiting"), ("bad", "database_offline"),
    ]  # fmt: skip


def test_a_pause_that_the_queue_watch_saw_is_in_the_verdict_and_the_workload_explains_it():
    pause = Reading(
        broker_kind="redis",
        queues=(make_queue(ready=7),),
        latency_ms=1.0,
        movements={"dispatch": Movement(still_s=42.0, is_certain=True)},
    )
    busy = Worker(name="celery@a", age_s=1.0, slots=1, busy=1, oldest_s=42.0, queues=("dispatch",))
    workload = Workload(workers=(busy,), workers_total=1)

    assert make_monitor(queues=lambda: pause).sample().verdict.code == "still"
    assert make_monitor(queues=lambda: pause, workload=lambda: workload).sample().verdict.code == "waiting"


def test_failed_tasks_in_the_logs_are_in_the_verdict_and_logs_that_hang_cost_nothing_else(hang):
    failures = TaskFailures(kind="GatewayTimeout", age_s=7.0, count=3)

    assert make_monitor(failures=lambda: failures).sample().verdict.code == "failed_count"
    with Promise.TICK.kept():
        assert make_monitor(failures=hang).sample().verdict.code == "waiting"


def test_a_sample_is_marked_by_comparison_with_the_last_one_that_was_stored():
    verdicts = iter(["online", "offline", "offline", "offline"])
    monitor = make_monitor(worker=lambda reading: Check(status=Status(next(verdicts))))
    first = monitor.sample()
    monitor.written(first)
    lost, second = monitor.sample(), monitor.sample()
    monitor.written(second)

    change = {"kind": "service", "name": "worker", "before": "online", "after": "offline"}
    assert (first.marks, lost.marks, second.marks, monitor.sample().marks) == ((), (change,), (change,), ())


def test_after_an_uncertain_write_the_previous_sample_is_read_from_the_store():
    pasts = iter([PreviousSample(), PreviousSample(version="1.6.0")])
    monitor = make_monitor(previous=lambda: next(pasts))
    assert monitor.sample().marks == ()
    monitor.lost()

    assert monitor.sample().marks == ({"kind": "version", "before": "1.6.0", "after": "1.7.0"},)


def test_a_previous_sample_that_comes_too_late_costs_only_the_marks(hang):
    monitor = make_monitor(previous=hang)

    for _ in range(3):
        with Promise.TICK.kept():
            sample = monitor.sample()
        assert (sample.marks, sample.queue_size) == ((), 7)
