"""Builders of valid objects; a test overrides the fields that it is about."""

import itertools
from dataclasses import replace
from typing import Any

from collector.judgement.judge import judge
from collector.judgement.situation import Situation
from store.samples.model import Check, Queue, QueueState, Sample, Status
from store.samples.resources import Cpu, Ram, Scope

GIB = 2**30
_SLOTS = itertools.count()


def make_queue(**overrides: Any) -> Queue:
    return Queue(**{"name": "dispatch", "state": QueueState.OK, "ready": 0, "peak": 0, "consumers": None, **overrides})


def make_sample(**overrides: Any) -> Sample:
    cpu = Cpu(scope=Scope.HOST, percent=10.0, cores=2)
    ram = Ram(scope=Scope.HOST, used_bytes=GIB, limit_bytes=4 * GIB, percent=25.0)
    values = {
        "host": "web-1",
        "slot": 1,
        "at": 1_763_877_303.012,
        "took_ms": 4.2,
        "cpu": cpu,
        "ram": ram,
        "host_cpu": cpu,
        "host_ram": ram,
        "queues": (make_queue(),),
        "checks": {name: Check(status=Status.ONLINE, latency_ms=1.0) for name in ("database", "worker", "rabbitmq")},
        "broker_kind": "redis",
        "version": "1.7.0",
    }
    sample = Sample(**{**values, **overrides})
    return sample if "verdict" in overrides else replace(sample, verdict=judge(Situation(sample=sample)))


def next_sample(**overrides: Any) -> Sample:
    """A sample whose slot no test of this process has used: tests share web processes and their Redis."""
    return make_sample(slot=next(_SLOTS), **overrides)
