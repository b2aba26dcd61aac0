"""Which tasks of this host failed lately, from the critical logs in a real Redis."""

import secrets

import pytest
from redis import Redis

from collector.probes.failures import FailuresProbe
from store.logs.log_group import Batch, Level, LogLine
from store.logs.log_store import LogStore
from store.logs.task_failures import RECENT_S
from store.samples.live import LiveStore, redis_client
from tests.services import free_port

pytestmark = pytest.mark.live


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def write(client: Redis, message: str = "GatewayTimeout: no answer", task: str | None = "voice.send") -> None:
    line = LogLine(service="worker", host="web-1", level=Level.ERROR, logger="x", message=message, task=task)
    LogStore(client).write(Batch.gather([(line, 0.0)]), batch_id=secrets.token_hex(8))


def test_failures_are_found_when_they_come_age_and_are_forgotten(client: Redis) -> None:
    clock = Clock()
    probe = FailuresProbe(LiveStore(client), LogStore(client), "web-1", monotonic=clock)
    assert probe.read() is None

    write(client, "boom", task=None)
    assert probe.read() is None
    write(client)
    write(client)
    clock.now_s += 7
    first = probe.read()
    clock.now_s += 60
    second = probe.read()

    assert first
    assert second
    assert (first.kind, first.count, second.count) == ("GatewayTimeout", 2, 2)
    assert second.age_s - first.age_s == pytest.approx(60)
    clock.now_s += RECENT_S
    assert probe.read() is None


def test_without_the_store_no_failure_is_known() -> None:
    with redis_client(f"redis://127.0.0.1:{free_port()}/0") as client:
        assert FailuresProbe(LiveStore(client), LogStore(client), "web-1").read() is None
