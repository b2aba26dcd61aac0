"""Where samples meet viewers: what each viewer gets when it joins, and what all get from then on. Runs under gevent."""

import time
from collections.abc import Callable
from typing import Any

import gevent
from gevent.event import Event as Signal

from app.live import sse
from app.live.freshness import Freshness
from app.live.replay import Frame, ReplayBuffer
from app.live.store_clock import StoreClock
from app.live.viewer import PENDING_BYTES, Viewer, wait_for_flushes
from app.live.viewers import Viewers
from store.errors import Refusal

HEARTBEAT_S = 10.0
"""Silence after which a viewer is sent a comment. Proxies end connections that are quiet for 60 s, some for 30 s."""

FINAL_FLUSH_S = 1.0
"""How long a process that ends waits until slow viewers have taken what they were sent."""

PAST_WAIT_S = 2.0
"""How long a viewer waits for the past when it arrives before this process has read it: longer than that takes."""

HOSTS_FRAME_S = 1.0
"""How old the list of hosts may be that a new viewer gets."""

REPLAY_BYTES = PENDING_BYTES // 2
"""Longest replay: what else is pending needs room as well."""


class Hub:
    """The viewers of this process, the events they may have missed, and the state of the hosts."""

    def __init__(self, freshness: Freshness) -> None:
        self.freshness = freshness
        self.viewers = Viewers()
        self.clock = StoreClock(time.monotonic)
        self._replay = ReplayBuffer()
        self._has_past = Signal()
        self._hosts_frame = (b"", float("-inf"))  # and when it was made
        self._known_hosts: tuple[dict[str, tuple[bool, Any]], Refusal | None] = {}, None

    def start(self, is_alive: Callable[[], bool]) -> None:
        """Keep viewers informed about the hosts; when `is_alive` turns false, send every viewer away."""
        gevent.spawn(self._run, is_alive)

    def dismiss(self) -> None:
        """Send every viewer away and wait a little for the slow ones: the process ends."""
        self.viewers.send_away()
        wait_for_flushes(FINAL_FLUSH_S)

    def begin(self, floor: str) -> None:
        """The stream begins anew: of what comes after the id `floor`, nothing will be missing."""
        self._replay.begin(floor)

    def publish(self, frame: Frame, *, is_news: bool) -> None:
        """Keep a frame for returning viewers. `is_news`: also send it to every viewer that wants its host."""
        self._replay.append(frame)
        if is_news:
            self.viewers.send(frame.data, frame.host)

    def reset(self) -> None:
        """Tell every viewer to fetch the past anew."""
        self.viewers.send(self._make_reset())

    def confirm_past(self) -> None:
        """Note that the past has been read."""
        self._has_past.set()

    def wait_for_past(self) -> None:
        """Wait until the past has been read, as it has not right after the start: only then is it known what is missed.

        Not longer than PAST_WAIT_S.
        """
        self._has_past.wait(PAST_WAIT_S)

    def join(self, viewer: Viewer, cursor: str | None) -> None:
        """Add a viewer. It first gets what it has missed since `cursor`, or a `reset`; then all that comes.

        Replay and registration are one step of the gevent loop, so that no event is lost or doubled between them.
        """
        missed = self._replay.after(cursor, viewer.hosts) if cursor is not None else []
        replay = b"".join(frame.data for frame in missed or ())
        # More than a viewer may lag by is cheaper to fetch anew, as history.
        is_reset = missed is None or len(replay) > REPLAY_BYTES
        self.viewers.add(viewer)  # Before it is sent anything: a client that has left meanwhile is removed by the send.
        viewer.send(self._make_reset() if is_reset else replay)
        viewer.send(self._recent_hosts_frame())

    def _run(self, is_alive: Callable[[], bool]) -> None:
        while is_alive():
            self._tell_hosts()
            self.viewers.send_heartbeat(HEARTBEAT_S)
            gevent.sleep(1)
        self.viewers.send_away()

    def _tell_hosts(self) -> None:
        """Tell every viewer about the hosts, when more than their ages has changed."""
        self.freshness.tidy()
        known = self.freshness.states(), self.freshness.refusal
        if known != self._known_hosts:
            self._known_hosts = known
            self.viewers.send(self._make_hosts_frame())

    def _recent_hosts_frame(self) -> bytes:
        frame, made_mono_s = self._hosts_frame
        return frame if time.monotonic() - made_mono_s < HOSTS_FRAME_S else self._make_hosts_frame()

    def _make_hosts_frame(self) -> bytes:
        refusal = self.freshness.refusal
        body = {"hosts": self.freshness.hosts(), **({"refusal": refusal} if refusal else {})}
        frame = sse.Event(body, type="hosts").encode()
        self._hosts_frame = frame, time.monotonic()
        return frame

    def _make_reset(self) -> bytes:
        """What was sent before does not go on. With the store's clock, which may be another one as well."""
        now_s = self.clock.now_s()
        return sse.Event({"now": None if now_s is None else round(now_s, 3)}, type="reset").encode()
