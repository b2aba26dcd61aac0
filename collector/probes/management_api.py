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
        self._connection: http.client.HTTPConnection
        if parts.scheme == "https":
            tls = context_of(management_url)
            self._connection = http.client.HTTPSConnection(parts.hostname or "", parts.port, context=tls)
        else:
            self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port)

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body; no redirect is followed, which could take the password elsewhere.

        Raises: OSError, HTTPException.
        """
        is_kept = self._connection.sock is not None
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
        self._connection.close()

    def _get(self, path: str) -> tuple[int, bytes]:
        if self._connection.sock is None:
            self._connect()
        self._connection.request("GET", self._path + path, headers=self._headers)
        response = self._connection.getresponse()
        return response.status, response.read()

    def _connect(self) -> None:
        self._connection.timeout = CONNECT_S
        self._connection.connect()
        connected: Any = self._connection.sock
        connected.settimeout(ANSWER_S)
