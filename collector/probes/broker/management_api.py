"""Requests to RabbitMQ's management API over one kept connection, with a deadline on every wait.

Uses Python's own HTTP client: urllib3 takes twice the CPU time for each request.
"""

import base64
import http.client
from typing import Any
from urllib.parse import unquote, urlsplit

from collector.probes.tls import context_of

CONNECT_S = 1.0
ANSWER_S = 3.0
"""Timeout of each read."""


class ManagementApi:
    """Logs in with the URL's user and password. Not thread-safe."""

    def __init__(self, management_url: str) -> None:
        parts = urlsplit(management_url)
        user = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
        self._headers = {"Authorization": f"Basic {base64.b64encode(user.encode()).decode()}"}
        self._path = parts.path.rstrip("/")
        self._url = management_url
        self._connection: http.client.HTTPConnection | None = None

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body. Redirects are not followed: one could take the password elsewhere.

        Raises: OSError, HTTPException.
        """
        is_kept = self._connection is not None and self._connection.sock is not None
        try:
            try:
                return self._get(path)
            except ConnectionError:
                if not is_kept:
                    raise
                self.close()
                return self._get(path)  # The server had closed the kept connection.
        except BaseException:
            self.close()  # A late answer must not be read as the next one.
            raise

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._connection is not None:
            self._connection.close()

    def _get(self, path: str) -> tuple[int, bytes]:
        connection = self._connection
        if connection is None or connection.sock is None:
            connection = self._connect()
        connection.request("GET", self._path + path, headers=self._headers)
        response = connection.getresponse()
        return response.status, response.read()

    def _connect(self) -> http.client.HTTPConnection:
        self._connection = connection = _make_connection(self._url)
        connection.connect()
        connected: Any = connection.sock
        connected.settimeout(ANSWER_S)
        return connection


def _make_connection(url: str) -> http.client.HTTPConnection:
    """A connection, not connected yet. Reads the certificate files again, since they may have been renewed."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    # Always with a port: http.client takes what follows the last ":" of an IPv6 address for one.
    if parts.scheme != "https":
        return http.client.HTTPConnection(host, parts.port or 80, timeout=CONNECT_S)
    return http.client.HTTPSConnection(host, parts.port or 443, timeout=CONNECT_S, context=context_of(url))
