"""Who may go first when thousands come at once. Runs under gevent, in gunicorn's worker, before a request is read.

When a proxy restarts, every viewer is back within seconds, and opening a stream costs a millisecond. Served in the
order of their coming, a health check would wait for all of them, and the balancer would take the process for dead. And
each that waits with its request read holds 15 kB, which the process keeps for good; a mere connection holds 4.
"""

import socket
from urllib.parse import unquote
from weakref import WeakSet

import gevent
from gevent.lock import Semaphore

STREAM = "/stream"
"""The path whose requests wait, as it is routed."""

PATIENCE_S = 0.05
"""How long one opening waits for a moment in which nobody else wants anything: a busy process opens streams, too."""

HEAD_S = 5.0
"""How long a new connection may take to say what it wants: as long as gunicorn lets a kept one (`keepalive`)."""

_MARKS = tuple(f"GET {STREAM}{end}".encode() for end in (" ", "?"))


class Gate:
    """Lets openings through one at a time, each when nobody else wants anything."""

    def __init__(self) -> None:
        self._turn = Semaphore(1)
        self._admitted: WeakSet[socket.socket] = WeakSet()

    def pass_through(self, client: socket.socket) -> None:
        """Wait for this connection's turn if it is a stream that is wanted; what it has sent is not taken off it.

        Raises: OSError.
        """
        client.settimeout(HEAD_S)
        try:
            head = client.recv(len(_MARKS[0]), socket.MSG_PEEK)
        finally:
            client.settimeout(None)
        if head in _MARKS:
            self._wait()
            self._admitted.add(client)

    def admit(self, client: socket.socket) -> None:
        """Let the request for a stream through that was just read: at once where `pass_through` has made it wait.

        It has not where the path was spelled in another way, came in pieces, or was not the connection's first.
        """
        if client not in self._admitted:
            self._wait()

    def _wait(self) -> None:
        with self._turn, gevent.Timeout(PATIENCE_S, False):
            gevent.idle()  # Not sleep(0), which lets other openings go first but no request that is yet to be read.


def is_routed_to_stream(path: str) -> bool:
    """Whether a request's path, as it was sent, leads to the stream: werkzeug decodes it and takes `//` for `/`."""
    return path == STREAM or f"/{unquote(path).lstrip('/')}" == STREAM
