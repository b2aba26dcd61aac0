"""Polls RabbitMQ's management API every 5 s in a thread: alarms, rates, and the list of queues.

The API is optional; AMQP is the source of truth. What the API does not answer is None, and nothing waits for it. A poll
is usually two GETs over one kept connection. The user needs the tag `management` and access to the virtual host.

Source: RabbitMQ 3.10.8 and 4.x, rabbit_mgmt_util.erl (pages, names), rabbit_mgmt_wm_health_check_alarms.erl.
"""

import http.client
import json
import logging
import re
import ssl
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from collector.probes.backoff import DENIED_CAP_S, Backoff
from collector.probes.broker.broker_connection import AMQP, kind_of
from collector.probes.broker.management_api import ANSWER_S, ManagementApi
from collector.probes.broker.management_figures import (
    COLUMNS,
    MAX_DISCOVERED,
    WORK_PATTERN,
    Counters,
    Figures,
    alarm_of,
    discover,
)
from collector.probes.polling_thread import PollingThread
from collector.probes.tls import certificate_fault
from settings import ALL_QUEUES
from settings.broker_url import addresses, virtual_host

log = logging.getLogger(__name__)

INTERVAL_S = 5.0
"""Between two polls. RabbitMQ updates its figures this often, and its monitoring guide advises against more."""

MISSING_INTERVAL_S = 2.0
"""Between two polls while a watched queue is missing: only the API finds it without an error in RabbitMQ's log."""

STALE_POLLS = 3
"""After so many polls an answer is too old."""

MODE_PAUSE_S = 60.0
"""How long the answer whether RabbitMQ counts messages is kept, where no queue shows it."""

_PAGE = 500
"""Most queues on a page: the API's own limit."""

_PATTERN_BYTES = 6000
"""Most bytes of encoded names in one request: RabbitMQ answers 414 to a request line of more than 8,000."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The answer of one poll."""

    figures: Mapping[str, Figures]
    """By name, of every requested queue that exists."""
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
        self._counted: tuple[bool, float] | None = None
        """Whether RabbitMQ counts messages, and when it said so, monotonic."""
        self._outcome: tuple[Answer, float] | None = None
        self._failure: str | None = None
        self._denied = Backoff(interval_s, DENIED_CAP_S)
        self._left_out = 0
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
                self._outcome = answer, time.monotonic()
                if self._failure is not None:
                    log.info("the management API answers again")
                self._failure = None
            stopping.wait(self._pause_s())
        self._api.close()

    def _pause_s(self) -> float:
        if self._failure == "denied":
            return self._denied.next_s()
        self._denied.reset()
        is_missing = self._outcome is not None and not self._names <= self._outcome[0].figures.keys()
        return min(self._interval_s, MISSING_INTERVAL_S) if is_missing else self._interval_s

    def _poll(self) -> Answer:
        alarm = alarm_of(self._ask("/api/health/checks/alarms", may_fail=True).get("alarms", ()))
        queues = [queue for path in self._paths for queue in self._ask(path)["items"]]
        figures = self._counters.fold(queues, time.monotonic(), are_counted=self._are_counted(queues))
        return Answer(
            figures=figures,
            alarm=alarm,
            discovered=tuple(self._bound(discover(queues))) if self._discovers else (),
        )

    def _are_counted(self, queues: Sequence[Mapping[str, Any]]) -> bool:
        """Whether RabbitMQ counts messages: then a queue without counters has seen none yet."""
        if any(queue.get("message_stats") for queue in queues):
            return True
        now_s = time.monotonic()
        if self._counted is None or now_s - self._counted[1] > MODE_PAUSE_S:
            mode = self._ask("/api/overview?columns=rates_mode,disable_stats")
            self._counted = mode.get("rates_mode") in {"basic", "detailed"} and not mode.get("disable_stats"), now_s
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


def queues_paths(broker_url: str, names: Sequence[str]) -> list[str]:
    """The request paths for the named queues in the URL's virtual host; without names, for all that may hold work.

    They ask for pages: then RabbitMQ looks up the statistics of the queues on the page only.
    """
    vhost = quote(virtual_host(addresses(broker_url)[0]), safe="")
    fixed = f"/api/queues/{vhost}?page=1&page_size={_PAGE}&columns={COLUMNS}&use_regex=true&name="
    patterns = [f"^(?:{'|'.join(some)})$" for some in _portions(names)] if names else [WORK_PATTERN]
    return [fixed + quote(pattern, safe="") for pattern in patterns]


def _portions(names: Sequence[str]) -> Iterator[list[str]]:
    """The names as regular expressions, grouped so that each request stays within its limits."""
    portion: list[str] = []
    size = 0
    for name in map(re.escape, names):
        name_bytes = len(quote(f"{name}|", safe=""))
        if portion and (size + name_bytes > _PATTERN_BYTES or len(portion) == _PAGE):
            yield portion
            portion, size = [], 0
        portion.append(name)
        size += name_bytes
    yield portion
