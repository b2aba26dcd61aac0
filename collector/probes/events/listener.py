"""Listens to Celery's events on the watched broker, in a thread with its own connection. It sends nothing.

The thread sleeps and then reads all that has come, instead of waking with every event: ten workers send five
heartbeats a second.
"""

import logging
import threading
import time
from collections.abc import Mapping

from collector.probes.backoff import Backoff
from collector.probes.broker.broker_connection import AMQP, close_quietly, kind_of, reason_of
from collector.probes.broker.failover import Failover
from collector.probes.events.amqp_source import AmqpSource
from collector.probes.events.failures import Failure
from collector.probes.events.heard import Heard, Pulse
from collector.probes.events.message import Message, read_events
from collector.probes.events.redis_source import RedisSource
from collector.probes.events.source import EXCHANGE, NoExchangeError, Source
from collector.probes.events.tally import Tally
from collector.probes.polling_thread import PollingThread
from settings.broker_options import BrokerOptions

log = logging.getLogger(__name__)

SOCKET_S = 3.0
"""Timeout of a connect, a read or a write."""

IDLE_PAUSE_S = 2.0
PAUSE_S = 1.0
"""Between two reads while no task events come, which is as often as a worker sends a heartbeat, and while some do."""
BUSY_PAUSE_S = 0.05
BUSY_MESSAGES = 50
"""After so many messages at once the next pause is the short one."""

RETRY_S = 1.0
"""First pause after a failure."""
MISSING_CAP_S = 60.0
"""Longest pause while the exchange is missing or the broker is away. RabbitMQ logs a question for what is missing."""
DENIED_CAP_S = 300.0

OUTAGE_S = 10.0
"""After such an outage counting begins anew."""

_REASONS = {"denied": "denied", "refused": "unreachable", "timeout": "unreachable"}


class EventListener:
    """Listens until stopped. Thread-safe."""

    def __init__(self, broker_url: str, options: BrokerOptions, *, exchange: str = EXCHANGE) -> None:
        self._options, self._exchange = options, exchange
        self._is_amqp = kind_of(broker_url) == AMQP
        self._failover: Failover[Source] = Failover(broker_url, self._open, longest_s=SOCKET_S)
        self._lock = threading.Lock()
        """Held for each use of the tally."""
        self._tally = Tally(time.monotonic())
        self._source: Source | None = None
        self._broken_at_s: float | None = None
        self._reason: str | None = "off"
        self._since_s: float | None = None
        self._is_warned = False
        self._failing = Backoff(RETRY_S, MISSING_CAP_S)
        self._denied = Backoff(RETRY_S, DENIED_CAP_S, factor=4.0)
        self._thread = PollingThread("events", self._run, join_s=SOCKET_S)

    def start(self) -> None:
        """Start listening; does nothing while it listens."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening; may be called twice."""
        self._thread.stop()

    def pulses(self) -> Mapping[str, Pulse]:
        """The last worker event of each worker, by its name. Returns at once."""
        with self._lock:
            return self._tally.pulses(time.monotonic())

    def heard(self) -> Heard:
        """What the task events of the last minutes say. Returns at once."""
        with self._lock:
            return self._tally.heard(time.monotonic())

    def has_failures(self) -> bool:
        """Whether failed tasks wait to be taken."""
        with self._lock:
            return bool(self._tally.failures)

    def take_failures(self, least_age_s: float) -> tuple[list[Failure], int]:
        """Failed tasks that were heard at least so long ago, each told once, and how many were only counted."""
        with self._lock:
            return self._tally.failures.take(time.monotonic() - least_age_s)

    def reason(self) -> str | None:
        """Why it hears nothing: off, denied, unreachable, missing (no worker has sent an event yet), unreadable (none
        is JSON), failed; None while it listens.
        """
        return self._reason

    @property
    def listening_since_mono_s(self) -> float | None:
        """Since when without a break, by the monotonic clock; None while it does not listen."""
        return self._since_s

    def _open(self, url: str) -> Source:
        if self._is_amqp:
            return AmqpSource(url, self._exchange, timeout_s=SOCKET_S)
        return RedisSource(url, self._options, self._exchange, timeout_s=SOCKET_S)

    def _run(self, stopping: threading.Event) -> None:
        pause_s = 0.0
        while not stopping.wait(pause_s):
            try:
                messages = self._opened().read()
                if messages:
                    self._take(messages)
                pause_s = self._pause_s(len(messages))
            except Exception as error:  # noqa: BLE001  The thread's boundary: it must go on.
                pause_s = self._note_failure(error)
        self._close()
        self._reason = "off"

    def _pause_s(self, came: int) -> float:
        """The pause after a read that brought so many messages."""
        if came >= BUSY_MESSAGES:
            return BUSY_PAUSE_S
        with self._lock:
            return PAUSE_S if self._tally.is_busy(time.monotonic()) else IDLE_PAUSE_S

    def _opened(self) -> Source:
        if self._source is None:
            self._source = self._failover.open()
            self._begin()
        else:
            self._source = self._failover.reopen(self._source)
        return self._source

    def _begin(self) -> None:
        now_s = time.monotonic()
        with self._lock:
            if self._broken_at_s is None or now_s - self._broken_at_s > OUTAGE_S:
                self._tally = Tally(now_s, self._tally.failures)
        if self._reason not in (None, "off"):
            log.info("the workers' events are heard again")
        self._reason, self._since_s, self._broken_at_s = None, now_s, None
        self._failing.reset()
        self._denied.reset()

    def _take(self, messages: list[Message]) -> None:
        now_s, wall_s = time.monotonic(), time.time()
        read = [events for message in messages if (events := read_events(message)) is not None]
        unreadable = len(messages) - len(read)
        self._reason = None if read else "unreadable"
        for events in read:
            with self._lock:  # Anew for each: a tick must not wait for all.
                unreadable += self._tally.take(events, now_s, wall_s)
        if unreadable:
            with self._lock:
                self._tally.note_lost(unreadable, now_s)
            self._warn_once()

    def _warn_once(self) -> None:
        if not self._is_warned:
            log.warning("some events cannot be read: they are not Celery's, or not JSON (event_serializer)")
        self._is_warned = True

    def _note_failure(self, error: Exception) -> float:
        """Returns the pause before the next try (s)."""
        now_s = time.monotonic()
        was_listening = self._source is not None
        self._close()
        if was_listening:
            self._broken_at_s = now_s
            with self._lock:
                if self._tally.is_busy(now_s):
                    self._tally.note_lost(1, now_s)
        reason = "missing" if isinstance(error, NoExchangeError) else _REASONS.get(reason_of(error), "failed")
        if reason not in (self._reason, "missing"):
            log.warning("the workers' events are not heard: %s (%s)", reason, type(error).__name__)
        self._reason = reason
        return (self._denied if reason == "denied" else self._failing).next_s()

    def _close(self) -> None:
        self._since_s = None
        if self._source is not None:
            close_quietly(self._source.drop)
            self._source = None
