"""Reads which tasks of this host failed lately from the critical logs, which need no events from the workers."""

import time
from collections.abc import Callable

from store.errors import StoreUnavailable
from store.logs.log_store import LogStore, Recent
from store.logs.task_failures import TaskFailures, task_failures
from store.samples.live import LiveStore

LOOKED_AT = 20
"""The newest groups, of all hosts."""


class FailuresProbe:
    """Asks each tick whether there is anything new, and reads the groups only then. Not thread-safe: one caller."""

    def __init__(
        self, live: LiveStore, logs: LogStore, host: str, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._live = live
        self._logs = logs
        self._host = host
        self._monotonic = monotonic
        self._last_id: str | None = None
        self._read: tuple[Recent, float] | None = None
        """The groups, and when they were read."""

    def read(self) -> TaskFailures | None:
        """The failures; None if none is known."""
        try:
            last_id = self._live.last_log_id()
            if self._read is None or last_id != self._last_id:
                self._read = self._logs.recent(LOOKED_AT), self._monotonic()
                self._last_id = last_id
        except StoreUnavailable:
            return None
        recent, read_at_s = self._read
        return task_failures(recent.groups, self._host, recent.now_s + self._monotonic() - read_at_s)
