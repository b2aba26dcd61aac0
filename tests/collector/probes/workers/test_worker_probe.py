"""The workers' check from made-up readings of queues and answers of workers."""

import itertools
from dataclasses import replace

import pytest

from collector.probes.broker.departures import Movement
from collector.probes.broker.reading import Reading
from collector.probes.workers.worker import WorkerProbe
from collector.probes.workers.worker_inspect import Inspection
from store.samples.model import Check, Queue, QueueState, Status

FIRST_LOOK = Check(status=Status.UNKNOWN, reason="first_look")
ONLINE = Check(status=Status.ONLINE)
BROKER_DOWN = Check(status=Status.UNKNOWN, reason="broker_down")


def amqp_reading(*consumers: int | None, failure: str | None = None, ready: int = 0) -> Reading:
    """The watch's reading of RabbitMQ's queues q0, q1, … by their consumers; None = the queue is missing."""
    queues = (
        Queue(name=f"q{index}", state=QueueState.MISSING)
        if count is None
        else Queue(name=f"q{index}", state=QueueState.OK, consumers=count, ready=ready)
        for index, count in enumerate(consumers)
    )
    return Reading(broker_kind="amqp", queues=tuple(queues), failure=failure, latency_ms=1.0)


def no_consumers(idle_s: int, waiting: int = 0) -> Check:
    return Check(status=Status.OFFLINE, reason="no_consumers", facts={"idle_s": idle_s, "waiting": waiting})


def verdicts(*readings: Reading, names: tuple[str, ...] = ("q0", "q1")) -> list[Check]:
    """The checks for readings 3 s apart."""
    clock = itertools.count(0.0, 3.0)
    probe = WorkerProbe("amqp://", names, monotonic=lambda: next(clock))
    return [probe.read(reading) for reading in readings]


def test_no_broker_is_disabled() -> None:
    assert WorkerProbe(None, ["dispatch"]).read(None) == Check(status=Status.DISABLED, reason="not_watched")


def test_missing_consumers_are_reported_at_the_second_reading() -> None:
    none, one = amqp_reading(0), amqp_reading(1)

    assert verdicts(none, none, none, one) == [FIRST_LOOK, no_consumers(3), no_consumers(6), ONLINE]
    assert verdicts(one, none, one, none, none) == [ONLINE, ONLINE, ONLINE, ONLINE, no_consumers(3)]


def test_the_check_tells_for_how_long_consumers_are_missing_and_how_many_messages_wait() -> None:
    assert verdicts(*[amqp_reading(0, ready=1250)] * 31)[-1] == no_consumers(90, 1250)


def test_a_missing_queue_has_no_consumers() -> None:
    assert verdicts(amqp_reading(None), amqp_reading(None))[-1] == no_consumers(3)


def test_a_queue_without_consumers_beside_one_that_has_them_is_degraded() -> None:
    partly = amqp_reading(1, 0)
    facts: dict[str, float | str] = {"idle_s": 3, "waiting": 0, "queue": "q1"}

    assert verdicts(partly, partly)[-1] == Check(status=Status.DEGRADED, reason="no_consumers", facts=facts)


def test_a_discovered_queue_that_never_had_a_consumer_needs_none() -> None:
    partly, none = amqp_reading(1, 0), amqp_reading(0, 0)

    assert verdicts(partly, partly, none, none, names=("*",)) == [ONLINE, ONLINE, ONLINE, no_consumers(3)]
    assert verdicts(none, none, names=("*",)) == [FIRST_LOOK, no_consumers(3)]


def test_without_a_discovered_queue_the_workers_are_unknown() -> None:
    assert verdicts(amqp_reading(), names=("*",)) == [Check(status=Status.UNKNOWN, reason="no_queues")]


def test_messages_that_wait_for_60_seconds_while_none_leaves_are_a_standstill_even_if_workers_answer() -> None:
    def still(seconds: float) -> Reading:
        movements = {"q0": Movement(still_s=seconds, is_certain=True)}
        return replace(amqp_reading(3, ready=1250), movements=movements)

    facts: dict[str, float | str] = {"queue": "q0", "idle_s": 60, "waiting": 1250}
    stuck = Check(status=Status.OFFLINE, reason="no_progress", facts=facts)

    assert verdicts(still(0), still(59.9), still(60), still(0)) == [ONLINE, ONLINE, stuck, ONLINE]


def test_while_the_broker_is_down_the_workers_are_unknown_and_judging_starts_anew_afterwards() -> None:
    none, down = amqp_reading(0), amqp_reading(failure="refused")

    assert verdicts(none, none, down, none, none) == [
        FIRST_LOOK, no_consumers(3), BROKER_DOWN, FIRST_LOOK, no_consumers(3),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        (None, Status.DEGRADED),  # A worker answered that it consumes only the other queue.
        ("ping_silent", Status.DEGRADED),
        *((why, Status.UNKNOWN) for why in (
            "ask_off", "ask_denied", "ask_read_only", "ask_unsupported", "ask_unreachable", "ask_failed",
            "nobody_listens", "answer_unreadable",
        )),
    ],
)  # fmt: skip
def test_on_redis_an_idle_queue_beside_a_moving_one_degrades_only_if_the_workers_themselves_are_silent(
    reason: str | None, status: Status
) -> None:
    probe = WorkerProbe("redis://", ["moving", "idle"])
    assert probe._inspector is not None
    probe._inspector._outcome = Inspection(reason=reason), float("inf")
    reading = Reading(
        broker_kind="redis",
        queues=tuple(Queue(name=name, state=QueueState.OK, ready=0) for name in ("moving", "idle")),
        latency_ms=1.0,
        movements={"moving": Movement(is_certain=True, departed_s=1.0)},
    )

    assert probe.read(reading) == Check(status=status, reason=reason or "none_serves")
