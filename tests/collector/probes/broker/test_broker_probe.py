"""The broker's check, from made-up readings and from one of a real Redis."""

import pytest

from collector.probes.broker.broker import read_broker
from collector.probes.broker.queues import QueueWatch
from collector.probes.broker.reading import Reading
from store.samples.model import Check, Status
from tests.services import wait_until

UNKNOWN = Status.UNKNOWN


def test_no_broker_is_disabled() -> None:
    assert read_broker(None) == Check(status=Status.DISABLED)


@pytest.mark.parametrize(
    ("failure", "latency_ms", "expected"),
    [
        (None, 1.234, Check(status=Status.ONLINE, latency_ms=1.23)),
        (None, 500.0, Check(status=Status.ONLINE, latency_ms=500.0)),
        (None, 501.0, Check(status=Status.DEGRADED, reason="slow", latency_ms=501.0)),
        (None, None, Check(status=UNKNOWN, reason="first_look")),
        ("refused", 1.0, Check(status=Status.OFFLINE, reason="refused")),
        ("timeout", None, Check(status=Status.OFFLINE, reason="timeout")),
        ("denied", None, Check(status=UNKNOWN, reason="denied")),
        ("error", None, Check(status=UNKNOWN, reason="error")),
        ("stuck", 1.0, Check(status=UNKNOWN, reason="stuck")),
    ],
)
def test_the_verdict_follows_the_last_round(failure: str | None, latency_ms: float | None, expected: Check) -> None:
    reading = Reading(broker_kind="amqp", queues=(), failure=failure, latency_ms=latency_ms)

    assert read_broker(reading) == expected


@pytest.mark.parametrize(
    ("failure", "latency_ms", "expected"),
    [
        (None, 1.0, Check(status=Status.DEGRADED, reason="alarm_disk", latency_ms=1.0)),
        (None, 501.0, Check(status=Status.DEGRADED, reason="alarm_disk", latency_ms=501.0)),
        (None, None, Check(status=UNKNOWN, reason="first_look")),
        ("refused", 1.0, Check(status=Status.OFFLINE, reason="refused")),
    ],
)
def test_an_alarm_degrades_a_broker_that_answers(
    failure: str | None, latency_ms: float | None, expected: Check
) -> None:
    reading = Reading(broker_kind="amqp", queues=(), failure=failure, latency_ms=latency_ms, alarm="alarm_disk")

    assert read_broker(reading) == expected


@pytest.mark.live
def test_a_broker_that_answers_is_online(redis_url: str) -> None:
    watch = QueueWatch(redis_url, ["dispatch"])
    watch.start()

    wait_until(lambda: read_broker(watch.take()).status == Status.ONLINE, 5)

    watch.stop()
