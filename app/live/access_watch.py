"""Who is let in stays in only for as long as they may: asks again while streams are open. Runs under gevent.

Asked at once when the doorbell rings (a logout, a disabled user, another role, a revoked token, in whatever process),
and every few seconds in any case. One question for all viewers of a process, not one for each.
"""

import logging
import random
import time
from collections.abc import Callable, Collection

import gevent
from gevent.event import Event as Signal

from app.live.hub import Hub
from store.access_changes import Doorbell
from store.errors import StoreUnavailable

logger = logging.getLogger(__name__)

CHECK_S = 2.5
"""How often it is asked in any case. With the time that asking takes, no stream outlives its login by more than 3 s."""

BLIND_CHECKS = 2
"""So many questions in a row without an answer end every stream: who cannot be checked is not shown anything."""

BLOCK_MS = 30_000
"""How long one wait for the doorbell lasts: each that ends for nothing wakes this process and Redis. A connection that
has fallen silent is noticed as late; meanwhile everybody is checked every CHECK_S. Its client's time-out is longer."""

RETRY_S = 1.0
"""Wait before the next try when Redis or the accounts have not answered."""

ROTATE_RETRY_MS = (100, 1000)
"""When who is sent round comes back (ms): soon, nothing is wrong."""

StillHold = Callable[[Collection[str]], Collection[str]]
"""Which of these credentials are in force. Raises: StoreUnavailable."""


class AccessNews:
    """Where it is told that somebody's access was taken away, and heard."""

    def __init__(self, doorbell: Doorbell) -> None:
        self.doorbell = doorbell
        self.heard = Signal()

    def announce(self) -> None:
        """Tell this process and all others. Never raises.

        Without Redis the others find out by themselves within CHECK_S.
        """
        self.heard.set()
        try:
            self.doorbell.ring()
        except StoreUnavailable as exc:
            logger.warning("the other processes could not be told: %s", exc)


class AccessWatch:
    """Ends the streams of those who would no longer be let in, and those that have been open for long enough."""

    def __init__(self, hub: Hub, still_hold: StillHold, news: AccessNews) -> None:
        self._hub = hub
        self._still_hold = still_hold
        self._news = news
        self._blind_checks = 0

    def start(self, is_alive: Callable[[], bool]) -> None:
        """Start watching, until `is_alive` turns false."""
        gevent.spawn(self._listen, is_alive)
        gevent.spawn(self._watch, is_alive)

    def _listen(self, is_alive: Callable[[], bool]) -> None:
        last_id = None
        while is_alive():
            try:
                last_id = last_id or self._news.doorbell.last()
                rung_id = self._news.doorbell.wait(last_id, block_ms=BLOCK_MS)
            except StoreUnavailable:
                last_id = None  # Redis may have lost everything, and its clock may be another one.
                gevent.sleep(RETRY_S)
                continue
            if rung_id:
                last_id = rung_id
                self._news.heard.set()

    def _watch(self, is_alive: Callable[[], bool]) -> None:
        while is_alive():
            self._news.heard.wait(RETRY_S if self._blind_checks else CHECK_S)
            self._news.heard.clear()
            self._send_round()
            try:
                self._check()
            except Exception:
                # The watch must not end: streams would outlive their logins.
                logger.exception("the access watch stumbled")
                self._end_all("unverified")

    def _check(self) -> None:
        credentials = {viewer.credential for viewer in self._hub.viewers()}
        if not credentials:
            self._blind_checks = 0
            return
        try:
            holding = self._still_hold(credentials)
        except StoreUnavailable as exc:
            self._blind_checks += 1
            logger.warning("access could not be checked: %s", exc)
            if self._blind_checks >= BLIND_CHECKS:
                self._end_all("unverified")
            return
        self._blind_checks = 0
        for viewer in self._hub.viewers():
            if viewer.credential in credentials and viewer.credential not in holding:
                viewer.finish("revoked")

    def _end_all(self, reason: str) -> None:
        for viewer in self._hub.viewers():
            viewer.finish(reason)

    def _send_round(self) -> None:
        """A stream that is due comes back as a new one, which asks everything anew: nobody is let in for ever."""
        now_mono_s = time.monotonic()
        for viewer in self._hub.viewers():
            if now_mono_s >= viewer.due_mono_s:
                viewer.finish("rotate", retry_ms=random.randint(*ROTATE_RETRY_MS))  # noqa: S311  no secret
