"""Finds the one cause that explains best why messages do not go through. [pure]

A cause explains the worst finding: `_CAUSES` has what may explain each. A function gives its cause only where the
evidence is known: what is unknown makes no cause. They stand in the order of explanatory power, a cause before those
that it may bring about. Of a standstill that order is:

1. A kill for want of memory leaves no consumer, silent workers and failed tasks behind.
2. Workers that consume another queue leave this one without a consumer.
3. Without a consumer nothing leaves, whatever else is wrong.
4. A broker that accepts no messages holds up publishers, and workers too, which publish results and retries.
5. A database that does not answer holds tasks up or lets them fail.
6. Slots full of old tasks, slots that get no messages, and workers that are silent are each enough for a standstill.
7. A CPU that is throttled and a clock that is off hold up some messages, or all for some time.
8. That no connected worker finishes a message is the least to be said.
"""

import math
from collections.abc import Callable, Mapping

from collector.judgement import worker_causes
from collector.judgement.evidence import STANDSTILL, Evidence, bounded
from store.samples.model import Status
from store.samples.verdict import Facts, Finding, Level
from store.samples.workload import Events, Task

THROTTLED_PERCENT = 25.0
"""A CPU that is throttled for a smaller share of the time hardly delays a message."""

KILL_SLACK_S = 60.0
"""A standstill that began so close to a kill began with it: workers start anew within seconds, or not at all."""

KILL_TOLD_S = 300.0
"""For so long a kill explains what is wrong where messages move."""


def find_cause(evidence: Evidence) -> Finding | None:
    """The cause with the most explanatory power; None where none is proven, or none is needed."""
    if evidence.finding.level in (Level.FINE, Level.UNKNOWN):
        return None
    looked_for = _CAUSES.get(evidence.subject, ())
    return next((cause for find in looked_for if (cause := find(evidence)) is not None), None)


def _blocked(evidence: Evidence) -> Finding | None:
    reason = evidence.check("rabbitmq").reason
    return evidence.cause(reason) if reason in ("alarm_memory", "alarm_disk") else None


def _kill(evidence: Evidence) -> Finding | None:
    """A kill long before or after the begin of what is wrong is another story."""
    for kill in sorted(evidence.situation.trends.kills, key=lambda kill: kill.ago_s):
        since_s = evidence.since_s
        if kill.ago_s <= KILL_TOLD_S if since_s is None else abs(kill.ago_s - since_s) <= KILL_SLACK_S:
            facts: Facts = {"name": bounded(kill.name), "count": kill.count, "ago_s": int(kill.ago_s)}
            return evidence.cause("memory_kill", facts)
    return None


def _database(evidence: Evidence) -> Finding | None:
    """A password or a certificate that is not accepted is the panel's own, and says nothing of the application's."""
    check = evidence.check("database")
    if check.status is Status.OFFLINE and check.reason in ("refused", "timeout"):
        return evidence.cause(f"database_{check.reason}")
    if check.status is Status.DEGRADED and check.reason == "slow" and check.latency_ms is not None:
        return evidence.cause("database_slow", {"latency_ms": round(check.latency_ms)})
    return None


def _tasks_fail(evidence: Evidence) -> Finding | None:
    """The task that fails most, or if none does now, the one that failed last."""
    workload = evidence.situation.workload
    if workload is None or workload.events is not Events.ON:
        return None
    named = [task for task in workload.tasks if task.name]
    worst = max(named, key=lambda task: (task.failed_per_min or 0, -_failed_s(task)), default=None)
    if worst is None or not (worst.failed_per_min or worst.last_failure):
        return None
    percent = _failed_percent(worst)
    facts: Facts = {"task": bounded(worst.name)}
    # Once events are lost, successes and failures are no longer counted alike.
    if percent and not workload.lost:
        facts = {**facts, "percent": percent}
    if worst.last_failure is not None:
        facts = {**facts, "kind": bounded(worst.last_failure.kind)}
    return evidence.cause("_".join(["tasks_fail", *(name for name in ("percent", "kind") if name in facts)]), facts)


def _failed_s(task: Task) -> float:
    return task.last_failure.age_s if task.last_failure else math.inf


def _failed_percent(task: Task) -> float | None:
    """Of the tasks that ended. It is 0 or 100 only if it is exactly that."""
    failed, succeeded = task.failed_per_min, task.succeeded_per_min
    if failed is None or succeeded is None or failed + succeeded <= 0:
        return None
    share = 100 * failed / (failed + succeeded)
    return share if share in (0, 100) else min(99.9, max(0.1, round(share, 1)))


def _throttled(evidence: Evidence) -> Finding | None:
    throttled = evidence.situation.trends.throttled
    name = max(throttled, key=lambda each: throttled[each], default=None)
    if name is None or throttled[name] < THROTTLED_PERCENT:
        return None
    return evidence.cause("cpu_throttled", {"name": bounded(name), "percent": round(throttled[name])})


def _nobody_publishes(evidence: Evidence) -> Finding | None:
    silence = next(iter(evidence.situation.trends.silences), None)
    if silence is None:
        return None
    facts: Facts = {
        "queue": bounded(silence.queue),
        "in_per_min": silence.in_per_min,
        "steady_s": int(silence.steady_s),
    }
    return evidence.cause("nobody_publishes", facts)


_Find = Callable[[Evidence], Finding | None]

_CAUSES: Mapping[str, tuple[_Find, ...]] = {
    STANDSTILL: (
        _kill,
        worker_causes.other_queue,
        worker_causes.no_consumer,
        _blocked,
        _database,
        worker_causes.slots_held,
        worker_causes.slots_idle,
        worker_causes.silent,
        worker_causes.clock,
        _throttled,
        worker_causes.none_finishes,
    ),
    "failed": (_kill, _database, _tasks_fail),
    "failing": (_kill, _database, _tasks_fail),
    "database": (_database,),
    "rabbitmq": (_blocked,),
    "slots": (worker_causes.slots_idle,),
    "cpu": (_throttled,),
    "arrivals": (_blocked, _nobody_publishes),
}
"""By the first word of a finding's code, what may explain it."""
