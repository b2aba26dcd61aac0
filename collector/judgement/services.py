"""What the checks of database, broker and workers say. [pure]"""

from collections.abc import Iterator

from collector.judgement.standstill import STANDSTILL
from store.samples.model import Check, Sample, Status
from store.samples.verdict import Facts, Finding, Level

ORDER = ("database", "rabbitmq", "worker")
"""In which the services are named."""

FIRST_LOOK = "first_look"

_LEVELS = {Status.OFFLINE: Level.BAD, Status.DEGRADED: Level.ATTENTION, Status.UNKNOWN: Level.ATTENTION}

_TOLD_ELSEWHERE = frozenset({FIRST_LOOK, "broker_down", STANDSTILL})
"""`standstill` tells of messages that do not leave, and the broker's own finding of a broker that is away."""

_BROKER_REASONS = frozenset({"alarm_memory", "alarm_disk", "failover"})
"""Reasons with a sentence of their own, because the remedy differs."""

_WORKER_REASONS = {
    "no_consumers": "worker_unserved",
    "movement_unknown": "worker_movement_unknown",
    "unfinished": "worker_unfinished",
    "ping_silent": "worker_silent",
}
"""The same of the workers. Their sentences count what is in the check's facts."""


def find_in_services(sample: Sample) -> Iterator[Finding]:
    """The findings about the services that are watched and not online."""
    for service in ORDER:
        check = sample.checks.get(service)
        if check is not None and _is_telling(check):
            yield _about_worker(check) if service == "worker" else _about(service, check, sample.broker_kind)
    if any(check.reason == FIRST_LOOK for check in sample.checks.values()):
        yield Finding(level=Level.UNKNOWN, code=FIRST_LOOK)


def broker_name(kind: str | None) -> str:
    """What people call the watched broker."""
    return "Redis" if kind == "redis" else "RabbitMQ"


def _is_telling(check: Check) -> bool:
    return check.status in _LEVELS and check.reason not in _TOLD_ELSEWHERE


def _about(service: str, check: Check, broker_kind: str | None) -> Finding:
    is_broker = service == "rabbitmq"
    word = check.reason if is_broker and check.reason in _BROKER_REASONS else check.status
    facts: Facts = {"broker": broker_name(broker_kind)} if is_broker else {}
    return Finding(level=_LEVELS[check.status], code=f"{service}_{word}", facts=facts)


def _about_worker(check: Check) -> Finding:
    level, facts = _LEVELS[check.status], check.facts
    if check.status is Status.OFFLINE:
        code = "worker_offline_queue" if "queue" in facts else "worker_offline_waiting"
        return Finding(level=level, code=code, facts=facts) if facts.get("waiting") else _plain(level, check)
    code = _WORKER_REASONS.get(check.reason or "", "")
    return Finding(level=level, code=code, facts=facts) if code and facts else _plain(level, check)


def _plain(level: Level, check: Check) -> Finding:
    """Where nothing is counted."""
    return Finding(level=level, code=f"worker_{check.status}")
