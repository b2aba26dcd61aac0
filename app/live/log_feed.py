"""Sends every viewer the log groups that have changed, at a bounded pace. Runs under gevent.

Notices arrive as fast as services fail; viewers get the current state of each group, once a second at most. What does
not fit into the bytes of one round follows in the next, and is newer by then.
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
"""What a round sends a viewer at most, give or take an event: a quarter of what may wait for a slow viewer."""

ROUND_GROUPS = 40
"""Groups read in a round: at their ordinary length they fill it."""


class LogFeed:
    """The log groups that have changed and that the viewers have not been sent yet."""

    def __init__(self, store: LogStore, send_to_all: Callable[[bytes], None]) -> None:
        self._store = store
        self._send_to_all = send_to_all
        self._changed: dict[str, None] = {}  # the most recent change last
        self._is_changed = Signal()

    def note(self, group_ids: Iterable[str]) -> None:
        """Note that these groups have changed."""
        for group_id in group_ids:
            if not ID_PATTERN.fullmatch(group_id):
                continue
            self._changed.pop(group_id, None)
            self._changed[group_id] = None
            if len(self._changed) > keys.LOG_GROUPS:  # The store does not keep more, either.
                del self._changed[next(iter(self._changed))]
        if self._changed:
            self._is_changed.set()

    def run(self, is_alive: Callable[[], bool]) -> None:
        """Send rounds until `is_alive` turns false."""
        while is_alive():
            self._is_changed.wait()  # Without a time-out, which would wake the process for nothing.
            try:
                self._send_round()
            except StoreUnavailable:
                pass  # The reader logs it; the changes are sent when the store is back.
            except Exception:
                logger.exception("a log group could not be sent")
            gevent.sleep(PAUSE_S)

    def _send_round(self) -> None:
        # Taken off before they are read: reading yields, and a group that changes meanwhile must be sent once more.
        newest = list(self._changed)[-ROUND_GROUPS:]
        unsent = dict.fromkeys(newest)
        for group_id in newest:
            del self._changed[group_id]
        try:
            groups = {group["id"]: group for group in self._store.groups(newest[::-1])}
            sent_bytes = 0
            for group_id in reversed(newest):
                if sent_bytes > ROUND_BYTES:
                    break
                del unsent[group_id]
                if group_id in groups:
                    data = sse.Event(groups[group_id], type="critical_log").encode()
                    sent_bytes += len(data)
                    self._send_to_all(data)
        finally:
            self._changed = {**unsent, **self._changed}
            if not self._changed:
                self._is_changed.clear()
