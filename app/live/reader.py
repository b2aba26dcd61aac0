"""The one Redis reader of a process. Runs under gevent.

It follows the stream, encodes each sample once and publishes it to the hub. It never ends: when Redis is gone it tries
again, and then goes on after the last id that it has seen.
"""

import logging
import random
import time
from collections.abc import Callable

import gevent

from app.live import sse
from app.live.hub import Hub
from app.live.log_feed import LogFeed
from app.live.replay import CAPACITY, Frame
from store import keys
from store.errors import BadEntry, StoreUnavailable
from store.samples.entries import Entry
from store.samples.live import LiveStore
from store.samples.wire import parse_wire

logger = logging.getLogger(__name__)

BLOCK_MS = 3500
"""How long one XREAD waits: longer than the time between two samples, so that as a rule a sample ends it."""

FEED_TIMEOUT_S = BLOCK_MS / 1000 + 2
"""After this time the reader's client takes the connection for dead. Redis at `hz 1` ends a wait up to 1 s late."""

RETRY_S = (0.2, 1.0)
"""Wait before the next try when Redis does not answer: drawn from this range, so that processes do not try in step."""

LOG_CHECK_S = 10.0
"""How often the reader checks whether the news of the logs have begun anew. For samples it shows at once: none come."""


class Reader:
    """Follows the samples and the news of the logs in one XREAD."""

    def __init__(self, store: LiveStore, hub: Hub, log_feed: LogFeed) -> None:
        self.is_connected = False
        """Whether Redis answered the last question."""
        self._store = store
        self._hub = hub
        self._log_feed = log_feed
        self._last_id = self._last_log_id = keys.NO_ID
        self._logs_checked_mono_s = time.monotonic()

    def start(self, is_alive: Callable[[], bool]) -> None:
        """Start reading, and sending news of the logs until `is_alive` turns false."""
        gevent.spawn(self._run)
        gevent.spawn(self._log_feed.run, is_alive)

    def _run(self) -> None:
        while True:
            try:
                self._catch_up()
                self._follow()
            except StoreUnavailable as exc:
                if self.is_connected:
                    logger.warning("the store is unavailable: %s", exc)
                self.is_connected = False
            except Exception:
                # The reader must not end: viewers would get heartbeats and nothing else. It passes over the entry at
                # fault, whose id it noted before it looked into it.
                logger.exception("the reader stumbled")
                self.is_connected = False
            gevent.sleep(random.uniform(*RETRY_S))  # noqa: S311  spreading, not secrecy

    def _catch_up(self) -> None:
        """Read what is there already, and take each entry's age from Redis' clock.

        A last id below ours means that Redis lost the stream (FLUSHALL, an old replica): everything begins anew. Then
        viewers are not sent what is found, which is the past, but told to fetch it.
        """
        if keys.id_key(self._store.last_id()) < keys.id_key(self._last_id):
            logger.warning("the stream has begun anew")
            self._hub.freshness.begin_anew()
            self._last_id = keys.NO_ID
        now_s = self._store.now_s()
        self._hub.clock.set(now_s)
        is_beginning = self._last_id == keys.NO_ID
        entries = self._store.newest(CAPACITY) if is_beginning else []
        if is_beginning:
            self._hub.begin(_floor(entries, now_s))
        newest_log_id = self._store.last_log_id()
        if is_beginning or keys.id_key(newest_log_id) < keys.id_key(self._last_log_id):
            self._last_log_id = newest_log_id  # Pages read the past of the logs themselves.
        while entries or (entries := self._read_on(block_ms=1)):
            self._take(entries, lambda entry: now_s - keys.id_seconds(entry.id), is_news=not is_beginning)
            entries = []
        for host in self._store.hosts():
            self._hub.freshness.know(host.host, host.age_s)
        if is_beginning:
            self._hub.reset()
        self._hub.confirm_past()
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
                return  # The stream has begun anew. A greater id: an entry arrived between the two reads.
            if entries:
                self._hub.clock.set(keys.id_seconds(entries[-1].id))
            self._take(entries, lambda _: 0.0)
            if asked_mono_s - self._logs_checked_mono_s > LOG_CHECK_S:
                self._check_logs()

    def _check_logs(self) -> None:
        """A newest id below the last one seen says that the news of the logs have begun anew: all of it is new."""
        self._logs_checked_mono_s = time.monotonic()
        if keys.id_key(self._store.last_log_id()) < keys.id_key(self._last_log_id):
            self._last_log_id = keys.NO_ID

    def _read_on(self, *, block_ms: int) -> list[Entry]:
        """The samples after the last one. Notes the log groups that have changed."""
        news = self._store.follow(self._last_id, self._last_log_id, block_ms=block_ms)
        self._last_log_id = news.last_log_id
        self._log_feed.note(news.log_groups)
        return news.entries

    def _take(self, entries: list[Entry], age_s: Callable[[Entry], float], *, is_news: bool = True) -> None:
        for entry in entries:
            self._last_id = entry.id
            if entry.is_farewell:
                self._hub.freshness.drop(entry.host)
                continue
            try:
                wire = parse_wire(entry.sample)
            except BadEntry as exc:
                logger.warning("skipped entry %s: %s", entry.id, exc)
                continue
            self._hub.freshness.see(entry.id, wire, age_s(entry))
            data = sse.Event(entry.sample.decode(), type="system_stats", id=entry.id).encode()
            self._hub.publish(Frame(entry.id, wire["host"], data), is_news=is_news)


def _floor(entries: list[Entry], now_s: float) -> str:
    """The id after which `entries`, the newest of the stream, are complete: the store keeps all of its last hour."""
    if len(entries) == CAPACITY:
        return entries[0].id
    return f"{int((now_s - keys.RETENTION_S) * 1000)}-0"
