"""Tells every viewer which log groups have changed, at a bounded pace. Runs under gevent.

Notices come as fast as services fail; viewers get each group as it is, once a second at most. What does not fit into a
second's bytes follows in the next one, and by then it is newer.
"""

import logging
from collections.abc import Callable, Iterable

import gevent
from gevent.event import Event as Signal

from app.live import sse
from store import keys
from store.errors import StoreUnavailable
from store.logs.log_group import ID_PATTERN
from store.logs.log_store import LogStore

logger = logging.getLogger(__name__)

PAUSE_S = 1.0
"""Shortest time between two rounds."""

ROUND_BYTES = 64 * 1024
"""What a round sends a viewer at most, give or take an event: a quarter of what may wait for a slow one."""

ROUND_GROUPS = 40
"""Groups read in a round: at an ordinary length they fill it."""


class LogFeed:
    """The log groups that have changed and of which the viewers have not been told yet."""

    def __init__(self, store: LogStore, send_to_all: Callable[[bytes], None]) -> None:
        self.skipped_notices = 0
        """What was announced as a group's id and cannot be one."""
        self._store = store
        self._send_to_all = send_to_all
        self._changed: dict[str, None] = {}  # the last to change is the last
        self._is_changed = Signal()

    def note(self, group_ids: Iterable[str]) -> None:
        """These have changed."""
        for group_id in group_ids:
            if not ID_PATTERN.fullmatch(group_id):
                self.skipped_notices += 1
                continue
            self._changed.pop(group_id, None)
            self._changed[group_id] = None
            if len(self._changed) > keys.LOG_GROUPS:  # Those are gone from the store as well.
                del self._changed[next(iter(self._changed))]
        if self._changed:
            self._is_changed.set()

    def run(self, is_alive: Callable[[], bool]) -> None:
        """Tell the viewers, as long as `is_alive`."""
        while is_alive():
            self._is_changed.wait()  # Without an end: it would wake the process every second for nothing.
            try:
                self._tell()
            except StoreUnavailable:
                pass  # The reader says so; what has changed is told when the store is back.
            except Exception:
                logger.exception("a log group could not be told")
            gevent.sleep(PAUSE_S)

    def _tell(self) -> None:
        # Taken off before they are read: reading yields, and what changes meanwhile has to be told once more.
        newest = list(self._changed)[-ROUND_GROUPS:]
        untold = dict.fromkeys(newest)
        for group_id in newest:
            del self._changed[group_id]
        try:
            groups = {group["id"]: group for group in self._store.groups(newest[::-1])}
            sent_bytes = 0
            for group_id in reversed(newest):
                if sent_bytes > ROUND_BYTES:
                    break
                del untold[group_id]
                if group_id in groups:
                    data = sse.Event(groups[group_id], type="critical_log").encode()
                    sent_bytes += len(data)
                    self._send_to_all(data)
        finally:
            self._changed = {**untold, **self._changed}
            if not self._changed:
                self._is_changed.clear()
