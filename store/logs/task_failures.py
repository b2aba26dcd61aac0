"""Failed tasks among the groups of critical logs. [pure]"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

RECENT_S = 600.0
"""A failure is told of for so long."""

_CLASS = re.compile(r"[A-Za-z_][\w.]{0,99}(?=:|$)")
"""What a message of a failed task begins with: the exception's class."""


@dataclass(frozen=True, kw_only=True)
class TaskFailures:
    """The tasks of one host that failed lately."""

    kind: str | None
    """The class of the last one's exception; None if the message names none."""
    age_s: float
    """How long ago the last one failed."""
    count: int | None
    """How many failed; None if some of a group failed before."""


def task_failures(groups: Iterable[Mapping[str, Any]], host: str, now_s: float) -> TaskFailures | None:
    """The failures of a host's tasks by the logs' groups, newest first; None if none failed within RECENT_S.

    `now_s`: the store's clock (epoch s).
    """
    failed = [
        group for group in groups if group["task"] and group["host"] == host and now_s - group["last_at"] <= RECENT_S
    ]
    if not failed:
        return None
    last = max(failed, key=lambda group: group["last_at"])
    named = _CLASS.match(last["message"])
    have_all_begun = all(now_s - group["first_at"] <= RECENT_S for group in failed)
    return TaskFailures(
        kind=named[0] if named else None,
        age_s=max(0.0, now_s - last["last_at"]),
        count=sum(group["count"] for group in failed) if have_all_begun else None,
    )
