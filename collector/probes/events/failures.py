"""Failed tasks that wait to be told as critical logs, repeats put together. [pure]"""

import re
from dataclasses import dataclass

from store.logs.log_group import LOOKED_AT_CHARACTERS, cut

MAX_WAITING = 50
"""Most different failures that wait."""

TRACE_CHARACTERS = 100_000
"""Most characters kept of a traceback."""

KIND_CHARACTERS = 100

_CLASS = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,200}(?=\()")
_AFTER_TRACEBACK = re.compile(r"^([A-Za-z_][A-Za-z0-9_.]{0,200})(?::|$)")


def kind_of(exception: str, traceback: str | None) -> str | None:
    """The exception's class, from its repr or from its traceback's last line; None where neither has it."""
    match = _CLASS.match(exception)
    if match is None and traceback:
        last_lines = traceback[-LOOKED_AT_CHARACTERS:].strip().rsplit("\n", 1)
        match = _AFTER_TRACEBACK.match(last_lines[-1])
    return match[match.lastindex or 0].rpartition(".")[2][:KIND_CHARACTERS] if match else None


@dataclass(kw_only=True, slots=True)
class Failure:
    """One worker's failures of one task by one exception. Its texts are as they came."""

    worker: str
    task: str
    kind: str | None
    exception: str
    traceback: str | None
    count: int
    first_s: float
    last_s: float
    """When the first and the last were heard, by the monotonic clock."""


class Failures:
    """The failures that wait."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, str, str], Failure] = {}
        self._dropped = 0

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, worker: str, task: str, exception: str, traceback: str | None, now_s: float) -> str | None:
        """Note one. Returns the exception's class."""
        exception = cut(exception, LOOKED_AT_CHARACTERS)
        key = worker, task, exception
        known = self._waiting.get(key)
        if known is not None:
            known.count += 1
            known.last_s = now_s
            return known.kind
        kind = kind_of(exception, traceback)
        if len(self._waiting) >= MAX_WAITING:
            self._dropped += 1
            return kind
        self._waiting[key] = Failure(
            worker=worker,
            task=task,
            kind=kind,
            exception=exception,
            traceback=traceback and cut(traceback, TRACE_CHARACTERS),
            count=1,
            first_s=now_s,
            last_s=now_s,
        )
        return kind

    def take(self, heard_before_s: float) -> tuple[list[Failure], int]:
        """The failures whose first came before this time, and how many found no room."""
        due = [key for key, failure in self._waiting.items() if failure.first_s <= heard_before_s]
        if not due:
            return [], 0
        dropped, self._dropped = self._dropped, 0
        return [self._waiting.pop(key) for key in due], dropped
