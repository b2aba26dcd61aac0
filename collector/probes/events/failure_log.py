"""Writes the failed tasks that events tell of among the critical logs, where the service does not tell of them itself.

A service with `watch_task_failures` sends each failure, too, under a name that no event has. So a failure waits a
moment; then one that stands among the logs already, by its task and its class, is left out.
"""

import secrets
import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from collector.probes.events.failures import Failure
from store.errors import StoreUnavailable
from store.logs.log_group import Batch, Level, LogLine
from store.logs.log_store import LogStore

HELD_S = 4.0
"""A service's own line has come by then, unless it logs faster than it may send."""

SLACK_S = 5.0
"""A line that came so long before the event is of the same failure."""

LOGGER = "celery.events"
LOGGER_OF_SERVICES = "celery.task"
"""The logger of the lines of `watch_task_failures`."""


class FailureSource(Protocol):
    """What the listener is to this module."""

    def has_failures(self) -> bool:
        """Whether failures wait."""

    def take_failures(self, least_age_s: float) -> tuple[list[Failure], int]:
        """Those that were heard so long ago, each once, and how many found no room."""


class FailureLog:
    """What cannot be written now is written later, once. One caller at a time."""

    def __init__(
        self, store: LogStore, source: FailureSource, *, host: str, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """`host`: the name under which the panel shows this host."""
        self._store = store
        self._source = source
        self._host = host
        self._monotonic = monotonic
        self._waiting: list[Failure] = []
        self._dropped = 0
        self._batch_id = ""

    def is_due(self) -> bool:
        """Whether there is anything to write. Returns at once."""
        return bool(self._waiting) or self._source.has_failures()

    def write(self) -> None:
        """Write what has waited for long enough. While the store is away it goes on waiting."""
        if not self._waiting:
            self._waiting, self._dropped = self._source.take_failures(HELD_S)
            self._batch_id = secrets.token_hex(8)  # The same for each try, so that nothing counts twice.
        if not self._waiting:
            return
        now_s = self._monotonic()
        try:
            told = self._told_by_services()
            untold = [failure for failure in self._waiting if not _is_told(failure, told, now_s)]
            if untold or self._dropped:
                self._store.write(self._batches(untold, now_s), batch_id=self._batch_id, dropped=self._dropped)
        except StoreUnavailable:
            return  # The sample that is lost meanwhile tells of it.
        self._waiting = []

    def _told_by_services(self) -> list[tuple[float, dict[str, Any]]]:
        """The groups that services sent of failed tasks, each with the age of its newest line (s)."""
        recent = self._store.recent()
        groups = [group for group in recent.groups if group["logger"] == LOGGER_OF_SERVICES]
        return [(recent.now_s - group["last_at"], group) for group in groups]

    def _batches(self, failures: Iterable[Failure], now_s: float) -> dict[str, Batch]:
        batches: dict[str, Batch] = {}
        for failure in failures:
            line = self._line(failure).clean()
            count, oldest_s, newest_s = failure.count, now_s - failure.first_s, now_s - failure.last_s
            if known := batches.get(line.fingerprint):
                count += known.count
                oldest_s, newest_s = max(oldest_s, known.oldest_age_s), min(newest_s, known.newest_age_s)
            batches[line.fingerprint] = Batch(line, count, oldest_s, newest_s)
        return batches

    def _line(self, failure: Failure) -> LogLine:
        return LogLine(
            host=self._host,
            service=_service(failure.worker),
            level=Level.ERROR,
            logger=LOGGER,
            message=failure.exception or failure.kind or "",
            traceback=failure.traceback,
            task=failure.task or None,
        )


def _is_told(failure: Failure, told: Iterable[tuple[float, dict[str, Any]]], now_s: float) -> bool:
    """Whether a service told of this failure: of the same task and class, not before the failure."""
    age_s = now_s - failure.first_s
    return any(
        newest_age_s <= age_s + SLACK_S
        and group["task"] == failure.task
        and (failure.kind is None or str(group["message"]).startswith(f"{failure.kind}:"))
        for newest_age_s, group in told
    )


def _service(worker: str) -> str:
    """The worker's name; one with a domain would be redacted as an e-mail address."""
    name, at, host = worker.partition("@")
    return f"{name} @ {host}" if at and "." in host else worker
