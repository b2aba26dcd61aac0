"""Polls RabbitMQ's management API every 5 s in a thread: alarms, rates, and the list of queues.

The API is optional; AMQP is the source of truth. What the API does not answer is None, and nothing waits for it. A poll
is usually two GETs over one kept connection. The user needs the tag `management` and access to the virtual host.

Source: RabbitMQ 3.10.8 and 4.x, rabbit_mgmt_util.erl (pages, names), rabbit_mgmt_wm_health_check_alarms.erl.
"""

import http.client
import json
import logging
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from collector.probes.backoff import DENIED_CAP_S, Backoff
from collector.probes.broker.broker_connection import AMQP, kind_of
from collector.probes.broker.management_api import ANSWER_S, ManagementApi
from collector.probes.broker.management_figures import (
    MAX_DISCOVERED,
    Counters,
    Figures,
    alarm_of,
    counts_messages,
    discover,
    published_of,
)
from collector.probes.broker.management_paths import queues_paths
from collector.probes.broker.renewal import LATE_S, Renewal
from collector.probes.polling_thread import PollingThread
from collector.probes.tls import certificate_fault
from settings import ALL_QUEUES

log = logging.getLogger(__name__)

INTERVAL_S = 5.0
"""Between two polls. RabbitMQ updates its figures this often, and its monitoring guide advises against more."""

MISSING_INTERVAL_S = 2.0
"""Between two polls while a watched queue is missing: only the API finds it without an error in RabbitMQ's log."""

STALE_POLLS = 3
"""After so many polls an answer is too old."""

MODE_PAUSE_S = 60.0
"""How long the answer whether RabbitMQ counts messages is kept, where no queue shows it."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The answer of one poll."""

    at_s: float
    """When the figures came, monotonic."""
    late_s: float
    """How old their counts were by then, at the most."""
    figures: Mapping[str, Figures] | None
    """By name, of every requested queue that exists; None while the API answers about alarms, but not about queues."""
    alarm: str | None
    """alarm_memory or alarm_disk while publishers are blocked anywhere in the cluster."""
    discovered: tuple[str, ...]
    """The queues that `*` stands for; empty when queues are watched by name."""


class ManagementWatch:
    """Polls the API until stopped. Thread-safe."""

    def __init__(
        self, management_url: str, broker_url: str, queue_names: Sequence[str], *, interval_s: float = INTERVAL_S
    ) -> None:
        self._api = ManagementApi(management_url)
        self._discovers = ALL_QUEUES in queue_names
        self._names = frozenset(() if self._discovers else queue_names)
        self._paths = queues_paths(broker_url, () if self._discovers else queue_names)
        self._interval_s = interval_s
        self._counters = Counters(interval_s)
        self._renewal = Renewal(interval_s)
        self._counted: tuple[bool, float] | None = None
        """Whether RabbitMQ counts messages, and when it said so, monotonic."""
        self._outcome: tuple[Answer, float] | None = None
        self._failure: str | None = None
        self._denied = Backoff(interval_s, DENIED_CAP_S)
        self._left_out = 0
        self._tells_alarms = True
        self._thread = PollingThread("management", self._run, join_s=ANSWER_S)

    def start(self) -> None:
        """Start polling; does nothing while it runs."""
        self._thread.start()

    def stop(self) -> None:
        """Stop polling. Waits for one request at most; may be called twice."""
        self._thread.stop()

    def get(self) -> Answer | None:
        """The last answer; None = there is none, or it is too old. Returns at once."""
        outcome = self._outcome
        if outcome is None or time.monotonic() - outcome[1] > STALE_POLLS * self._interval_s:
            return None
        return outcome[0]

    def _run(self, stopping: threading.Event) -> None:
        while not stopping.is_set():
            try:
                answer = self._poll()
            except Exception as error:  # noqa: BLE001  The thread's boundary: any server may stand behind the URL.
                self._note_failure(error)
            else:
                if answer is not None:
                    self._outcome = answer, answer.at_s
                if self._failure is not None:
                    log.info("the management API answers again")
                self._failure = None
            stopping.wait(self._pause_s())
        self._api.close()

    def _pause_s(self) -> float:
        if self._failure == "denied":
            return self._denied.next_s()
        self._denied.reset()
        figures = self._outcome[0].figures if self._outcome else None
        is_missing = figures is not None and not self._names <= figures.keys()
        pause_s = self._interval_s if self._failure else self._renewal.pause_s
        return min(pause_s, MISSING_INTERVAL_S) if is_missing else pause_s

    def _poll(self) -> Answer | None:
        """Ask for alarms and queues apart: a refused or too large request for the ones must not hide the others.

        Returns None where the counters are about to be renewed.
        """
        alarm, refusal = self._ask_alarm()
        try:
            answer = self._poll_queues(alarm)
        except Exception as error:
            if refusal is not None:
                raise refusal from error
            self._keep(alarm)
            raise
        if refusal is not None and self._tells_alarms:
            log.warning("the management API tells no alarms")
        self._tells_alarms = refusal is None
        return answer

    def _ask_alarm(self) -> "tuple[str | None, _RefusedError | None]":
        """The alarm in effect, or why the API does not tell."""
        try:
            return alarm_of(self._ask("/api/health/checks/alarms", may_fail=True).get("alarms", ())), None
        except _RefusedError as error:
            if error.status == 401:  # The queues would be refused, too: each time is a line in RabbitMQ's log.
                raise
            return None, error

    def _poll_queues(self, alarm: str | None) -> Answer | None:
        queues = [queue for path in self._paths for queue in self._ask(path)["items"]]
        now_s = time.monotonic()
        if self._renewal.is_due(published_of(queues)):
            return None
        return Answer(
            at_s=now_s,
            late_s=self._renewal.late_s,
            figures=self._counters.fold(queues, now_s, are_counted=self._are_counted(queues)),
            alarm=alarm,
            discovered=tuple(self._bound(discover(queues))) if self._discovers else (),
        )

    def _keep(self, alarm: str | None) -> None:
        """Answer with the alarm of this poll, and with the last figures until they are too old."""
        now_s, last = time.monotonic(), self._outcome[0] if self._outcome else None
        is_fresh = last is not None and now_s - last.at_s <= STALE_POLLS * self._interval_s
        figures, at_s = (last.figures, last.at_s) if last is not None and is_fresh else (None, now_s)
        kept = Answer(
            at_s=at_s, late_s=LATE_S, figures=figures, alarm=alarm, discovered=last.discovered if last else ()
        )
        self._outcome = kept, now_s

    def _are_counted(self, queues: Sequence[Mapping[str, Any]]) -> bool:
        """Whether RabbitMQ counts messages: then a queue without counters has seen none yet."""
        if any(queue.get("message_stats") for queue in queues):
            return True
        now_s = time.monotonic()
        if self._counted is None or now_s - self._counted[1] > MODE_PAUSE_S:
            self._counted = counts_messages(self._ask("/api/overview?columns=rates_mode,disable_stats")), now_s
        return self._counted[0]

    def _ask(self, path: str, *, may_fail: bool = False) -> dict[str, Any]:
        """The JSON object of one GET. `may_fail`: a failed health check is a 503 with an object."""
        status, body = self._api.get(path)
        if status != 200 and not (may_fail and status == 503):
            raise _RefusedError(status)
        document = json.loads(body)
        if not isinstance(document, dict):
            raise TypeError("not an object")
        return document

    def _bound(self, names: list[str]) -> list[str]:
        left_out = max(0, len(names) - MAX_DISCOVERED)
        if left_out != self._left_out:
            log.warning("%d queues of the virtual host are not watched: %d is the most", left_out, MAX_DISCOVERED)
        self._left_out = left_out
        return names[:MAX_DISCOVERED]

    def _note_failure(self, error: Exception) -> None:
        reason = _reason_of(error)
        if reason != self._failure:  # No message, no traceback: both may hold the URL.
            log.warning("the management API does not answer: %s (%s)", reason, type(error).__name__)
        self._failure = reason


def open_management(
    management_url: str | None, broker_url: str | None, queue_names: Sequence[str]
) -> ManagementWatch | None:
    """A watch, not started yet; None without a management URL or if the broker is not RabbitMQ."""
    if management_url is None or broker_url is None or kind_of(broker_url) != AMQP:
        return None
    return ManagementWatch(management_url, broker_url, queue_names)


class _RefusedError(Exception):
    """The API answered with another HTTP status than expected."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(status)


def _reason_of(error: Exception) -> str:
    if isinstance(error, _RefusedError):
        return "denied" if error.status in (401, 403) else f"status {error.status}"
    if isinstance(error, TimeoutError):
        return "timeout"
    if fault := certificate_fault(error):
        return fault
    is_unreachable = isinstance(error, OSError | http.client.HTTPException) and not isinstance(error, ssl.SSLError)
    return "refused" if is_unreachable else "error"
