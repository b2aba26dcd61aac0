"""Reads JSON from other servers: over TLS, within a deadline and a size, without following redirects.

The only place where urllib3's errors become `RemoteUnavailable`. Knows nothing of tokens.
"""

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

import gevent
import urllib3

from settings.forms import LOOPBACK
from store.errors import MonitorError

CONNECT_S, READ_S = 2.0, 3.0
"""Longest wait for a connection, and for each piece of the answer (s)."""

EXCHANGE_S = 6.0
"""Longest time for a whole exchange (s): a server that sends byte by byte exceeds neither of the other two."""

MAX_BYTES = 256 * 1024
"""Longest answer. A provider's largest document has some 20 KiB."""

FRESH_S = 600.0
"""How long a document is used before it is fetched again (s)."""

COOL_S = 30.0
"""Shortest time between two fetches that a token with an unknown key causes (s): no flood is passed on."""

RETRY_S = 3.0
"""Shortest time after a failed fetch before the next one (s): requests do not queue for a server that is down."""


class RemoteUnavailable(MonitorError):
    """The other server did not answer in time, or its answer is no JSON object."""


@dataclass(frozen=True)
class Reply:
    """The other server's answer, in the form that Authlib reads."""

    sender: str
    """The URL, as a log may show it."""
    status_code: int
    body: bytes

    def raise_for_status(self) -> None:
        """Raises: RemoteUnavailable, unless the status is 200."""
        if self.status_code != 200:
            raise RemoteUnavailable(f"{self.sender} answered {self.status_code}")

    def json(self) -> dict[str, Any]:
        """The body. Raises: RemoteUnavailable when it is no JSON object."""
        try:
            document = json.loads(self.body)
        except (ValueError, RecursionError) as exc:
            raise RemoteUnavailable("the answer is no JSON") from exc
        if not isinstance(document, dict):
            raise RemoteUnavailable("the answer is no JSON object")
        return document


Document = TypeVar("Document")


class CachedDocument(Generic[Document]):
    """A document that another server publishes, fetched again when it is old. Safe to share between greenlets."""

    def __init__(self, read: Callable[[], Document], clock: Callable[[], float] = time.monotonic) -> None:
        """`read` fetches it and raises RemoteUnavailable; `clock` is monotonic."""
        self._read = read
        self._clock = clock
        self._document: Document | None = None
        self._tried_mono_s = float("-inf")
        self._lock = threading.Lock()

    def get(self, *, newer: bool = False) -> Document:
        """The document; newer: fetched within COOL_S. Raises: RemoteUnavailable; an old document never stands in."""
        with self._lock:
            age_s = self._clock() - self._tried_mono_s
            if self._document is None and age_s < RETRY_S:
                raise RemoteUnavailable("the last fetch failed a moment ago")
            if self._document is None or age_s >= (COOL_S if newer else FRESH_S):
                self._document = None
                try:
                    self._document = self._read()
                finally:
                    self._tried_mono_s = self._clock()
            return self._document


def is_safe_url(url: str) -> bool:
    """Whether nobody on the way can read or change what goes there: HTTPS, or this machine itself."""
    parts = urlsplit(url)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))


def fetch(url: str) -> dict[str, Any]:
    """The JSON object at `url`. Raises: RemoteUnavailable."""
    reply = exchange("GET", url)
    reply.raise_for_status()
    return reply.json()


def exchange(method: str, url: str, *, body: str | None = None, headers: Mapping[str, str] | None = None) -> Reply:
    """One request and its answer, whatever the status. Raises: RemoteUnavailable."""
    if not is_safe_url(url):
        raise RemoteUnavailable(f"{_shown(url)} is not https://")
    try:
        with gevent.Timeout(EXCHANGE_S, TimeoutError("the exchange took too long")):
            return _exchange(method, url, body, {"Accept": "application/json", **(headers or {})})
    except (urllib3.exceptions.HTTPError, OSError, ValueError) as exc:
        raise RemoteUnavailable(f"{_shown(url)} does not answer: {exc}") from exc


def _exchange(method: str, url: str, body: str | None, headers: Mapping[str, str]) -> Reply:
    response = _pool().request(method, url, body=body, headers=headers, redirect=False, preload_content=False)
    try:
        data = response.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise ValueError(f"more than {MAX_BYTES} bytes")
        return Reply(_shown(url), response.status, data)
    finally:
        response.close()


@cache
def _pool() -> urllib3.PoolManager:
    return urllib3.PoolManager(timeout=urllib3.Timeout(connect=CONNECT_S, read=READ_S), retries=False)


def _shown(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}{parts.path}"  # A query or userinfo may hold secrets.
