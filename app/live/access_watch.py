"""Re-checks access while streams are open. Runs under gevent.

At once when a change is announced (a logout, a disabled user, another role, a revoked token, in any process), and every
few seconds in any case. One question serves all viewers of a process.
"""

import logging
import random
import time
from collections.abc import Callable, Collection

import gevent
from gevent.event import Event

from app.live.viewers import Viewers
from store.access_changes import AccessChanges
from store.errors import StoreUnavailable

logger = logging.getLogger(__name__)

CHECK_S = 2.5
"""Time between two checks without an announced change. So no stream outlives its login by more than 3 s."""

BLIND_CHECKS = 2
"""After this many checks in a row without an answer every stream ends: without a check nobody is shown anything."""

BLOCK_MS = 30_000
"""How long one wait for a change lasts: each wait that ends without one wakes this process and Redis. A connection that
has fallen silent is noticed as late; meanwhile the checks every CHECK_S go on. The client's time-out is longer."""

RETRY_S = 1.0
"""Wait before the next try when Redis or the accounts have not answered."""

ROTATE_RETRY_MS = (100, 1000)
"""Reconnect delay of a rotated stream (ms): short, nothing is wrong."""

InForce = Callable[[Collection[str]], Collection[str]]
"""Returns which of these credentials are in force. Raises: StoreUnavailable."""


class AccessSignal:
    """Tells this process, and all others through Redis, that somebody's access has changed."""

    def __init__(self, changes: AccessChanges) -> None:
        self._changes = changes
        self._changed = Event()

    def announce(self) -> None:
        """Tell this process and all others. Never raises.

        Without Redis the others find out by themselves within CHECK_S.
        """
        self._changed.set()
        try:
            self._changes.announce()
        except StoreUnavailable as exc:
            logger.warning("the other processes could not be told: %s", exc)

    def wait(self, timeout_s: float) -> None:
        """Wait for a change in any process, `timeout_s` at most."""
        self._changed.wait(timeout_s)
        self._changed.clear()

    def listen(self, is_alive: Callable[[], bool]) -> None:
        """Hear the other processes, until `is_alive` turns false."""
        last_id = None
        while is_alive():
            try:
                last_id = last_id or self._changes.newest_id()
                changed_id = self._changes.wait(last_id, block_ms=BLOCK_MS)
            except StoreUnavailable:
                last_id = None  # Redis may have lost everything, and its clock may be another one.
                gevent.sleep(RETRY_S)
                continue
            if changed_id:
                last_id = changed_id
                self._changed.set()


class AccessWatch:
    """Ends streams whose credential is no longer in force, and rotates those that have been open long enough."""

    def __init__(self, viewers: Viewers, in_force: InForce, signal: AccessSignal) -> None:
        self._viewers = viewers
        self._in_force = in_force
        self._signal = signal
        self._blind_checks = 0

    def start(self, is_alive: Callable[[], bool]) -> None:
        """Start watching, until `is_alive` turns false."""
        gevent.spawn(self._signal.listen, is_alive)
        gevent.spawn(self._watch, is_alive)

    def _watch(self, is_alive: Callable[[], bool]) -> None:
        while is_alive():
            self._signal.wait(RETRY_S if self._blind_checks else CHECK_S)
            self._rotate()
            try:
                self._check()
            except Exception:
                # The watch must not end: streams would outlive their logins.
                logger.exception("the access watch stumbled")
                self._end_all("unverified")

    def _check(self) -> None:
        credentials = {viewer.credential for viewer in self._viewers.all()}
        if not credentials:
            self._blind_checks = 0
            return
        try:
            in_force = self._in_force(credentials)
        except StoreUnavailable as exc:
            self._blind_checks += 1
            logger.warning("access could not be checked: %s", exc)
            if self._blind_checks >= BLIND_CHECKS:
                self._end_all("unverified")
            return
        self._blind_checks = 0
        for viewer in self._viewers.all():
            # A viewer that joined during the question was not asked about.
            if viewer.credential in credentials and viewer.credential not in in_force:
                viewer.finish("revoked")

    def _end_all(self, reason: str) -> None:
        for viewer in self._viewers.all():
            viewer.finish(reason)

    def _rotate(self) -> None:
        """End the streams that are due. Each returns as a new one, which is admitted by a full check."""
        now_mono_s = time.monotonic()
        for viewer in self._viewers.all():
            if now_mono_s >= viewer.due_mono_s:
                viewer.finish("rotate", retry_ms=random.randint(*ROTATE_RETRY_MS))  # noqa: S311  no secret
