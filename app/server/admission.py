"""Which connections wait when thousands arrive at once. Runs under gevent, before gunicorn reads the request.

After a restart of a proxy every viewer is back within seconds, and opening a stream takes a millisecond. First come,
first served would keep a health check waiting for all of them, and the balancer would take the process for dead. A
connection also waits more cheaply than a request: 4 kB, where a parsed request takes 15 kB that the process keeps for
good.
"""

import socket
from urllib.parse import unquote
from weakref import WeakSet

import gevent
from gevent.lock import Semaphore

STREAM = "/stream"
"""The path whose requests wait, as it is routed."""

IDLE_WAIT_S = 0.05
"""Longest wait for an idle event loop: a busy process opens streams, too."""

HEAD_S = 5.0
"""How long a new connection may take to send its first bytes: as long as gunicorn lets a kept one (`keepalive`)."""

_MARKS = tuple(f"GET {STREAM}{end}".encode() for end in (" ", "?"))


class Admission:
    """Admits streams one at a time, each when the event loop is idle."""

    def __init__(self) -> None:
        self._one_at_a_time = Semaphore(1)
        self._admitted: WeakSet[socket.socket] = WeakSet()

    def admit_connection(self, client: socket.socket) -> None:
        """Let a new connection wait if it asks for a stream. Its bytes stay on the socket. Raises: OSError."""
        client.settimeout(HEAD_S)
        try:
            head = client.recv(len(_MARKS[0]), socket.MSG_PEEK)
        finally:
            client.settimeout(None)
        if head in _MARKS:
            self._wait()
            self._admitted.add(client)

    def admit_request(self, client: socket.socket) -> None:
        """Let a request for a stream wait, unless its connection has waited already.

        It has not where the path is spelled in another way, came in pieces, or is not the connection's first.
        """
        if client not in self._admitted:
            self._wait()

    def _wait(self) -> None:
        with self._one_at_a_time, gevent.Timeout(IDLE_WAIT_S, False):
            gevent.idle()  # sleep(0) would let other openings go first, but no request that is yet to be read.


def is_routed_to_stream(path: str) -> bool:
    """Whether a request's path, as it was sent, leads to the stream: werkzeug decodes it and strips leading slashes."""
    return path == STREAM or f"/{unquote(path).lstrip('/')}" == STREAM
