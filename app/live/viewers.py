"""The open streams of this process. Runs under gevent."""

import random
import time

from app.live import sse
from app.live.viewer import Viewer
from app.server.scheduling import yield_to_others

VIEWERS_PER_SLICE = 250
"""Viewers served before other greenlets run: some 2 ms at 8 µs a viewer, so `/healthz` stays quick."""

RECONNECT_MS = (1000, 8000)
"""When a process ends, its viewers reconnect spread over this range (ms)."""


class Viewers:
    """The open streams, in the order of their arrival, and by user."""

    def __init__(self) -> None:
        self._all: dict[Viewer, None] = {}
        self._by_user: dict[str, dict[Viewer, None]] = {}

    def all(self) -> list[Viewer]:
        """Every open stream, the oldest first. A copy: the caller may walk it while others come and go."""
        return list(self._all)

    def of_user(self, user: str, limit: int) -> list[Viewer]:
        """A user's open streams, the oldest first. When there are `limit`, those that clients have left are ended.

        Only then: a probe is a system call, and each of a thousand returning viewers would probe all the others.
        """
        own = list(self._by_user.get(user, ()))
        return own if len(own) < limit else [viewer for viewer in own if viewer.probe()]

    def has_room(self, limit: int) -> bool:
        """Whether fewer than `limit` streams are open. When it looks full, those that clients have left are ended."""
        if len(self._all) < limit:
            return True
        return sum(viewer.probe() for viewer in self.all()) < limit

    def add(self, viewer: Viewer) -> None:
        """Send this viewer what all get, from now on."""
        self._all[viewer] = None
        self._by_user.setdefault(viewer.user, {})[viewer] = None

    def remove(self, viewer: Viewer) -> None:
        """Forget a viewer."""
        self._all.pop(viewer, None)
        own = self._by_user.get(viewer.user, {})
        own.pop(viewer, None)
        if not own:
            self._by_user.pop(viewer.user, None)

    def send(self, data: bytes, host: str | None = None) -> None:
        """Send to every viewer that wants this host's samples; `host` None: to all."""
        # A copy: a viewer who joins while other greenlets run gets this frame from the replay buffer.
        for count, viewer in enumerate(self.all(), start=1):
            if host is None or not viewer.hosts or host in viewer.hosts:
                viewer.send(data)
            if count % VIEWERS_PER_SLICE == 0:
                yield_to_others()

    def send_heartbeat(self, quiet_s: float) -> None:
        """Send a comment to every viewer that was sent nothing for `quiet_s`."""
        quiet_since_mono_s = time.monotonic() - quiet_s
        for count, viewer in enumerate(self.all(), start=1):
            if viewer.sent_mono_s <= quiet_since_mono_s:
                viewer.send(sse.comment())
            if count % VIEWERS_PER_SLICE == 0:
                yield_to_others()

    def send_away(self) -> None:
        """End every stream because this process ends."""
        for viewer in self.all():
            viewer.finish("shutdown", retry_ms=random.randint(*RECONNECT_MS))  # noqa: S311  spreading, not secrecy
