"""Tasks that fail, as far as the workers' events tell. [pure]"""

from collections.abc import Iterator

from store.samples.verdict import Facts, Finding, Level
from store.samples.workload import Workload

RECENT_S = 600.0
"""A failure calls for attention for so long."""

MAX_KIND = 100
"""Most characters of an exception's class: it is a text from outside."""


def find_failures(workload: Workload | None) -> Iterator[Finding]:
    """The finding about the last failure of any task, while it is recent; with the pace while more than one fails."""
    tasks = workload.tasks if workload else ()
    last = min((task.last_failure for task in tasks if task.last_failure), key=lambda each: each.age_s, default=None)
    if last is None or last.age_s > RECENT_S:
        return
    facts: Facts = {"kind": last.kind[:MAX_KIND], "age_s": int(last.age_s)}
    per_min = round(sum(task.failed_per_min or 0 for task in tasks))
    if per_min > 1:
        yield Finding(level=Level.ATTENTION, code="failing", facts={**facts, "per_min": per_min})
    else:
        yield Finding(level=Level.ATTENTION, code="failed", facts=facts)
