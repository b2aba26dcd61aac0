"""Tasks that fail, by the critical logs and by the workers' events, whichever tell of the later failure. [pure]"""

from collections.abc import Iterator

from store.logs.task_failures import RECENT_S, TaskFailures
from store.samples.verdict import Facts, Finding, Level
from store.samples.workload import Workload

MAX_KIND = 100
"""Most characters of an exception's class: it is a text from outside."""

SLACK_S = 5.0
"""Logs and events tell of the same failure within this time; then the logs, which count."""


def find_failures(workload: Workload | None, logged: TaskFailures | None) -> Iterator[Finding]:
    """The finding about the last failure of any task, while it is recent."""
    tasks = workload.tasks if workload else ()
    last = min((task.last_failure for task in tasks if task.last_failure), key=lambda each: each.age_s, default=None)
    if logged and logged.kind and (last is None or logged.age_s <= last.age_s + SLACK_S):
        facts = _facts(logged.kind, logged.age_s)
        if logged.count is None:
            yield _failed("failed", facts)
        else:
            yield _failed("failed_count", {**facts, "count": logged.count})
    elif last is not None and last.age_s <= RECENT_S:
        facts = _facts(last.kind, last.age_s)
        per_min = round(sum(task.failed_per_min or 0 for task in tasks))
        yield _failed("failing", {**facts, "per_min": per_min}) if per_min > 1 else _failed("failed", facts)


def _facts(kind: str, age_s: float) -> Facts:
    return {"kind": kind[:MAX_KIND], "age_s": int(age_s)}


def _failed(code: str, facts: Facts) -> Finding:
    return Finding(level=Level.ATTENTION, code=code, facts=facts)
