"""The shape of what is recorded: one `Sample` per host and tick. [pure]

A sample's JSON form is the wire: the same bytes lie in Redis, travel in `event: system_stats` and reach the page, so
a field has one name in Python, JSON and JavaScript. Unknown is None (`null`), never 0. The fields that the owner
named (`cpu`, `ram`, `ram_percent`, `queue_size`, `services`) keep his names and units.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from store.samples.resources import Container, Cpu, Ram
from store.samples.verdict import Verdict
from store.samples.workload import Crew

SCHEMA_VERSION = 1
"""Raised when a field changes its meaning; entries of another version are skipped and counted."""


class Status(StrEnum):
    """What is known of a service."""

    ONLINE = "online"
    DEGRADED = "degraded"
    """Answers, slowly or partly."""
    OFFLINE = "offline"
    UNKNOWN = "unknown"
    """No answer to trust."""
    DISABLED = "disabled"
    """Not configured, so not watched."""


class QueueState(StrEnum):
    """Whether a queue's depth could be read."""

    OK = "ok"
    MISSING = "missing"
    """The broker answers and says that there is no such queue."""
    UNKNOWN = "unknown"
    """The broker did not answer."""


class Basis(StrEnum):
    """What a queue's waiting time and rates rest on."""

    MANAGEMENT = "management"
    """RabbitMQ's counters, up to 6 s late."""
    HEAD = "head"
    """On Redis: the depth, and whether the oldest message is still the same."""
    DEPTH = "depth"
    """Changes of the depth alone."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One service's verdict. `reason` is a code that the page translates, None while online."""

    status: Status
    reason: str | None = None
    facts: Mapping[str, float | str] = field(default_factory=dict)
    """What the reason's sentence counts, such as {"consumers": 3, "idle_s": 90, "waiting": 1250}."""
    latency_ms: float | None = None


@dataclass(frozen=True, kw_only=True)
class Queue:
    """One watched queue. `ready` and `peak` count messages waiting for a consumer, prefetched ones not among them."""

    name: str
    state: QueueState
    reason: str | None = None
    """Why it is unknown, as a code that the page translates; None where there is nothing to do about it."""
    ready: int | None = None
    peak: int | None = None
    """Highest `ready` seen since the previous sample, read every 250 ms."""
    consumers: int | None = None
    """None where the broker cannot tell (Redis)."""
    unacked: int | None = None
    """Delivered to a consumer and not yet finished. None without the management API."""
    in_per_s: float | None = None
    """Messages that arrive per second. On Redis only while messages wait and each arrival is seen."""
    out_per_s: float | None = None
    """Messages finished (acknowledged) per second; on Redis those that workers take. None as `in_per_s`."""
    wait_s: float | None = None
    """How long the oldest waiting message has waited; 0 where none waits."""
    wait_is_bound: bool = False
    """Whether it has waited at least so long, and maybe longer."""
    basis: Basis | None = None
    """What `wait_s` and the rates rest on; None where they are unknown."""


@dataclass(frozen=True, kw_only=True)
class Reserved:
    """Messages that a watched Redis keeps for workers: handed out and not finished, or scheduled for later.

    Redis keeps them for all queues together.
    """

    count: int
    oldest_s: float | None = None
    """How long ago the oldest one was handed out."""
    visibility_timeout_s: float | None = None
    """After this time Redis hands a message out again, so a task still running then runs twice."""


class TroubleCode(StrEnum):
    """What may be wrong with the watching itself."""

    CLOCK_DIFFERS = "clock_differs"
    """Redis' clock and the collector's are further apart than they may be."""
    TWO_COLLECTORS = "two_collectors"
    """Another collector would report as this host."""
    CONTAINER_SHARED = "container_shared"
    """Several containers report under one name."""


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """One of them. `facts` are what the page's sentence counts."""

    code: TroubleCode
    facts: Mapping[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What one host saw in one tick."""

    host: str
    slot: int
    """floor(at / interval): two samples of one host with the same slot are the same tick."""
    at: float
    """When it was taken: epoch seconds, UTC, the collector's clock."""
    took_ms: float
    cpu: Cpu
    ram: Ram
    host_cpu: Cpu
    """The machine around the container; equals `cpu` outside of one."""
    host_ram: Ram
    queues: tuple[Queue, ...] = ()
    checks: Mapping[str, Check] = field(default_factory=dict)
    """database, worker, rabbitmq (the watched broker, whatever its kind)."""
    containers: tuple[Container, ...] = ()
    broker_kind: str | None = None
    """amqp or redis; None when no broker is watched."""
    version: str = ""
    marks: tuple[Mapping[str, Any], ...] = ()
    """What happened since the previous sample; shapes in `collector.sampling.marks`."""
    troubles: tuple[Trouble, ...] = ()
    """What is wrong with the watching of this host."""
    reserved: Reserved | None = None
    """On a watched Redis; None on RabbitMQ, which counts them by queue, and where unknown."""
    crew: Crew | None = None
    """Celery's workers together; None where nothing is known of them."""
    verdict: Verdict | None = None
    """The judgement of this sample."""

    @property
    def queue_size(self) -> int | None:
        """Messages ready, summed over the queues; None when one of them could not be read: a part is not the whole."""
        return _sum(queue.ready for queue in self.queues if queue.state != QueueState.MISSING)

    @property
    def queue_peak(self) -> int | None:
        """Sum of the queues' peaks; None when one of them is not known."""
        return _sum(queue.peak for queue in self.queues if queue.state != QueueState.MISSING or queue.peak)

    def to_json(self) -> bytes:
        """The wire form: compact UTF-8 JSON in one line, ASCII only.

        Shape: {"v", "host", "slot", "at", "took_ms", "cpu", "ram" (MiB), "ram_percent", "queue_size", "queue_peak",
        "services": {name: status}, "checks": {name: Check}, "queues": [Queue], "containers": [Container],
        "broker_kind", "version", "marks": [mark], "troubles": [{"code", "facts"}],
        "reserved": Reserved, "crew": Crew, "verdict": Verdict,
        "detail": {"cpu": Cpu, "ram": Ram, "host_cpu": Cpu, "host_ram": Ram}}.
        """
        ram_mib = None if self.ram.used_bytes is None else round(self.ram.used_bytes / 2**20, 1)
        wire = {
            "v": SCHEMA_VERSION,
            "host": self.host,
            "slot": self.slot,
            "at": round(self.at, 3),
            "took_ms": round(self.took_ms, 1),
            "cpu": self.cpu.percent,
            "ram": ram_mib,
            "ram_percent": self.ram.percent,
            "queue_size": self.queue_size,
            "queue_peak": self.queue_peak,
            "services": {name: check.status for name, check in self.checks.items()},
            "checks": self.checks,
            "queues": self.queues,
            "containers": self.containers,
            "broker_kind": self.broker_kind,
            "version": self.version,
            "marks": [dict(mark) for mark in self.marks],
            "troubles": self.troubles,
            "reserved": self.reserved,
            "crew": self.crew,
            "verdict": self.verdict,
            "detail": {
                "cpu": self.cpu,
                "ram": self.ram,
                "host_cpu": self.host_cpu,
                "host_ram": self.host_ram,
            },
        }
        return _encode(wire).encode()


# A dataclass is written as its fields: `asdict`, which copies all that is in them, takes longer than the writing.
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False, default=vars).encode


def _sum(counts: Iterable[int | None]) -> int | None:
    each = list(counts)
    known = [count for count in each if count is not None]
    return sum(known) if known and len(known) == len(each) else None
