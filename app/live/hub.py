"""One Redis reader per process, fanned out to every viewer. Runs under gevent.

The reader follows the stream, encodes each sample's frame once, keeps the newest in the ring and hands the bytes to
each viewer. It never ends: when Redis is gone it tries again, and then goes on after the last id it has seen.
"""

import logging
import random
import time
from collections.abc import Callable
from typing import Any

import gevent
from gevent.event import Event as Signal

from app.live import sse
from app.live.freshness import Freshness
from app.live.log_feed import LogFeed
from app.live.replay import CAPACITY, Frame, Resume, Ring
from app.live.viewer import PENDING_BYTES, Viewer, wait_for_slow
from app.server.scheduling import yield_to_others
from store import keys
from store.errors import BadEntry, Refusal, StoreUnavailable
from store.logs.log_store import LogStore
from store.samples.entries import Entry
from store.samples.live import LiveStore
from store.samples.wire import parse_wire

logger = logging.getLogger(__name__)

BLOCK_MS = 3500
"""How long one XREAD waits: longer than from one sample to the next, so that it is as a rule a sample that ends it."""

FEED_TIMEOUT_S = BLOCK_MS / 1000 + 2
"""The reader's client takes the connection for dead after this time. Redis at `hz 1` ends a wait up to 1 s late."""

RETRY_S = (0.2, 1.0)
"""Wait before the next try when Redis does not answer: drawn from this range, so that processes do not try in step."""

HEARTBEAT_S = 10.0
"""Silence after which a comment is sent. Proxies end connections that are quiet for 60 s, some for 30 s."""

VIEWERS_PER_SLICE = 250
"""Viewers served before others get their turn: some 2 ms at 8 µs a viewer, so `/healthz` stays quick."""

RECONNECT_MS = (1000, 8000)
"""When this process ends its viewers come back spread over this range (ms)."""

FAREWELL_S = 1.0
"""How long a process that ends waits for slow viewers to take what they were sent."""

FILL_PATIENCE_S = 2.0
"""How long a viewer who comes before the past has been read waits for it: longer than that takes."""

LOOK_AT_LOGS_S = 10.0
"""How often it is asked whether the news of the logs have begun anew. Of the samples it shows: none come."""

REPLAY_BYTES = PENDING_BYTES // 2
"""Longest replay: what is pending besides must have room."""


class Hub:
    """The open streams of this process and what they are fed from."""

    def __init__(self, store: LiveStore, logs: LogStore, freshness: Freshness) -> None:
        self.freshness = freshness
        self.skipped_entries = 0
        """Entries that were not samples of ours."""
        self.is_connected = False
        """Whether Redis answered the reader's last question."""
        self._store = store
        self._ring = Ring()
        self._is_filled = Signal()
        self._viewers: dict[Viewer, None] = {}  # in the order of their coming
        self._viewers_of: dict[str, dict[Viewer, None]] = {}  # the same by user
        self._last_id = self._last_log_id = keys.NO_ID
        self._log_feed = LogFeed(logs, self._send_to_all)
        self._store_lead_s: float | None = None
        self._hosts_frame = (b"", float("-inf"))  # and when it was made
        self._hosts_known: tuple[dict[str, tuple[bool, Any]], Refusal | None] = {}, None
        self._looked_at_logs_mono_s = time.monotonic()

    def start(self, is_alive: Callable[[], bool]) -> None:
        """Start reading; when `is_alive` turns false (the server is ending) every viewer is sent away."""
        gevent.spawn(self._read_for_ever)
        gevent.spawn(self._keep_house, is_alive)
        gevent.spawn(self._log_feed.run, is_alive)

    def wait_for_past(self) -> None:
        """Wait until it can be told what a viewer missed: right after the start the past has not been read yet."""
        self._is_filled.wait(FILL_PATIENCE_S)

    def has_room(self, limit: int) -> bool:
        """Whether fewer than `limit` streams are open. When it looks full, those whose viewers have left are ended."""
        if len(self._viewers) < limit:
            return True
        return sum(viewer.look() for viewer in list(self._viewers)) < limit

    def viewers(self) -> list[Viewer]:
        """Every open stream, in the order of their coming. A copy: it may be walked while others come and go."""
        return list(self._viewers)

    def viewers_of(self, user: str, limit: int) -> list[Viewer]:
        """A user's open streams, the oldest first. When there are `limit`, those whose viewers have left are ended.

        Only then: a look is a system call, and a thousand who come back at once would each look at all others.
        """
        own = list(self._viewers_of.get(user, ()))
        return own if len(own) < limit else [viewer for viewer in own if viewer.look()]

    def store_now_s(self) -> float | None:
        """The store's clock (epoch s), carried on by the monotonic one without asking; None before first contact."""
        return None if self._store_lead_s is None else self._store_lead_s + time.monotonic()

    def dismiss(self) -> None:
        """Send every viewer away, and wait a little for those who are slow: the process ends."""
        self._send_away()
        wait_for_slow(FAREWELL_S)

    def join(self, viewer: Viewer, cursor: str | None) -> None:
        """Let a viewer in: first what it missed since `cursor`, or a `reset`; then all that comes.

        Replay and registration are one step of the gevent loop, so that no event is lost or doubled between them.
        """
        missed = self._ring.after(cursor, viewer.hosts) if cursor is not None else []
        replay = b"" if missed is Resume.RESET else b"".join(frame.data for frame in missed)
        # More than a viewer may lag by is cheaper fetched anew, as history.
        is_reset = missed is Resume.RESET or len(replay) > REPLAY_BYTES
        self._viewers[viewer] = None  # Before it is sent anything: who has left meanwhile has to be forgotten again.
        self._viewers_of.setdefault(viewer.user, {})[viewer] = None
        viewer.send(self._make_reset() if is_reset else replay)
        viewer.send(self._tell_hosts_anew())

    def leave(self, viewer: Viewer) -> None:
        """Forget a viewer."""
        self._viewers.pop(viewer, None)
        own = self._viewers_of.get(viewer.user, {})
        own.pop(viewer, None)
        if not own:
            self._viewers_of.pop(viewer.user, None)

    def _read_for_ever(self) -> None:
        while True:
            try:
                self._catch_up()
                self._follow()
            except StoreUnavailable as exc:
                if self.is_connected:
                    logger.warning("the store is unavailable: %s", exc)
                self.is_connected = False
            except Exception:
                # The reader must not end: viewers would get heartbeats and nothing else. The entry that did it is
                # passed over, since its id was noted before it was looked into.
                logger.exception("the reader stumbled")
                self.is_connected = False
            gevent.sleep(random.uniform(*RETRY_S))  # noqa: S311  spreading, not secrecy

    def _catch_up(self) -> None:
        """Read what is there already, each entry with its age by Redis' clock.

        A last id below ours means that Redis lost the stream (FLUSHALL, an old replica): everything begins anew. What a
        beginning finds is the past: viewers are not sent it, but told to fetch it.
        """
        if keys.id_key(self._store.last_id()) < keys.id_key(self._last_id):
            self._begin_anew()
        now_s = self._store.now_s()
        self._store_lead_s = now_s - time.monotonic()
        is_beginning = self._last_id == keys.NO_ID
        entries = self._store.newest(CAPACITY) if is_beginning else []
        if is_beginning:
            self._ring.begin(_floor(entries, now_s))
        newest_log_id = self._store.last_log_id()
        if is_beginning or keys.id_key(newest_log_id) < keys.id_key(self._last_log_id):
            self._last_log_id = newest_log_id  # Pages read the past of the logs themselves.
        while entries or (entries := self._read_on(block_ms=1)):
            self._take(entries, lambda entry: now_s - keys.id_seconds(entry.id), is_news=not is_beginning)
            entries = []
        for host in self._store.hosts():
            self.freshness.know(host.host, host.age_s)
        if is_beginning:
            self._send_to_all(self._make_reset())
        self._is_filled.set()
        self.is_connected = True

    def _follow(self) -> None:
        """Read as it comes. What ends a wait has just been written, so its age is 0 by any clock.

        Returns when this process itself was held up for longer than a wait: then the age has to be asked again.
        """
        while True:
            asked_mono_s = time.monotonic()
            entries = self._read_on(block_ms=BLOCK_MS)
            if time.monotonic() - asked_mono_s > BLOCK_MS / 1000 + 1:
                return
            if not entries and keys.id_key(self._store.last_id()) < keys.id_key(self._last_id):
                return  # The stream has begun anew. A greater id is of an entry that came between the two questions.
            if entries:
                self._store_lead_s = keys.id_seconds(entries[-1].id) - time.monotonic()
            self._take(entries, lambda _: 0.0)
            if asked_mono_s - self._looked_at_logs_mono_s > LOOK_AT_LOGS_S:
                self._look_at_logs()

    def _look_at_logs(self) -> None:
        """Lower ids than the last one seen say that the news of the logs have begun anew: all of it is news."""
        self._looked_at_logs_mono_s = time.monotonic()
        if keys.id_key(self._store.last_log_id()) < keys.id_key(self._last_log_id):
            self._last_log_id = keys.NO_ID

    def _read_on(self, *, block_ms: int) -> list[Entry]:
        """The samples after the last one; the log groups that have changed are noted."""
        news = self._store.follow(self._last_id, self._last_log_id, block_ms=block_ms)
        self._last_log_id = news.last_log_id
        self._log_feed.note(news.log_groups)
        return news.entries

    def _take(self, entries: list[Entry], age_s: Callable[[Entry], float], *, is_news: bool = True) -> None:
        for entry in entries:
            self._last_id = entry.id
            if entry.is_farewell:
                self.freshness.drop(entry.host)
                continue
            try:
                wire = parse_wire(entry.sample)
            except BadEntry as exc:
                self.skipped_entries += 1
                logger.warning("skipped entry %s: %s", entry.id, exc)
                continue
            self.freshness.see(entry.id, wire, age_s(entry))
            data = sse.Event(entry.sample.decode(), type="system_stats", id=entry.id).encode()
            frame = Frame(entry.id, wire["host"], data)
            self._ring.append(frame)
            if is_news:
                self._send_to_all(data, wire["host"])

    def _begin_anew(self) -> None:
        logger.warning("the stream has begun anew")
        self.freshness.begin_anew()
        self._last_id = keys.NO_ID

    def _send_to_all(self, data: bytes, host: str | None = None) -> None:
        """To those who want this host's samples; None: to everybody."""
        # A copy: viewers who join while other greenlets have their turn get this frame from the ring.
        for count, viewer in enumerate(list(self._viewers), start=1):
            if host is None or not viewer.hosts or host in viewer.hosts:
                viewer.send(data)
            if count % VIEWERS_PER_SLICE == 0:
                yield_to_others()

    def _tell_hosts(self) -> None:
        """Tell everybody about the hosts, when anything but their ages has changed."""
        self.freshness.tidy()
        known = self.freshness.states(), self.freshness.refusal
        if known != self._hosts_known:
            self._hosts_known = known
            self._send_to_all(self._make_hosts_frame())

    def _make_reset(self) -> bytes:
        """What was sent before does not go on; with the store's clock, which may be another as well."""
        now_s = self.store_now_s()
        return sse.Event({"now": None if now_s is None else round(now_s, 3)}, type="reset").encode()

    def _tell_hosts_anew(self) -> bytes:
        """The hosts for one who has just come, with ages that are a second old at most."""
        frame, made_mono_s = self._hosts_frame
        return frame if time.monotonic() - made_mono_s < 1 else self._make_hosts_frame()

    def _make_hosts_frame(self) -> bytes:
        refusal = self.freshness.refusal
        told = {"hosts": self.freshness.hosts(), **({"refusal": refusal} if refusal else {})}
        frame = sse.Event(told, type="hosts").encode()
        self._hosts_frame = frame, time.monotonic()
        return frame

    def _keep_house(self, is_alive: Callable[[], bool]) -> None:
        while is_alive():
            self._tell_hosts()
            quiet_since_mono_s = time.monotonic() - HEARTBEAT_S
            for count, viewer in enumerate(list(self._viewers), start=1):
                if viewer.sent_mono_s <= quiet_since_mono_s:
                    viewer.send(sse.comment())
                if count % VIEWERS_PER_SLICE == 0:
                    yield_to_others()
            gevent.sleep(1)
        self._send_away()

    def _send_away(self) -> None:
        for viewer in list(self._viewers):
            wait_ms = random.randint(*RECONNECT_MS)  # noqa: S311
            viewer.finish("shutdown", retry_ms=wait_ms)


def _floor(entries: list[Entry], now_s: float) -> str:
    """The id after which `entries`, the newest of the stream, are complete: the store trims nothing within its hour."""
    if len(entries) == CAPACITY:
        return entries[0].id
    return f"{int((now_s - keys.RETENTION_S) * 1000)}-0"
