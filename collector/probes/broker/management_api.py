"""RabbitMQ's management API over HTTP: one kept connection whose every wait ends.

By Python's own client: urllib3, of which nothing is needed here, takes twice the CPU time for each question.
"""

import base64
import http.client
from typing import Any
from urllib.parse import unquote, urlsplit

from collector.probes.tls import context_of

CONNECT_S = 1.0
ANSWER_S = 3.0
"""Deadline of each read."""


class ManagementApi:
    """Asks with the user and the password that the URL names. Not thread-safe."""

    def __init__(self, management_url: str) -> None:
        parts = urlsplit(management_url)
        user = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
        self._headers = {"Authorization": f"Basic {base64.b64encode(user.encode()).decode()}"}
        self._path = parts.path.rstrip("/")
        self._url = management_url
        self._connection: http.client.HTTPConnection | None = None

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body; no redirect is followed, which could take the password elsewhere.

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
                return self._get(path)  # The server has ended the connection meanwhile, which says nothing of it.
        except BaseException:
            self.close()  # What may still come must not be taken for the next answer.
            raise

    def close(self) -> None:
        """Close the connection; the next question opens another."""
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
    """Not connected yet. The files of certificates are read, so that renewed ones are believed."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    # Always with a port: http.client takes what follows the last ":" of an IPv6 address for one.
    if parts.scheme != "https":
        return http.client.HTTPConnection(host, parts.port or 80, timeout=CONNECT_S)
    return http.client.HTTPSConnection(host, parts.port or 443, timeout=CONNECT_S, context=context_of(url))
