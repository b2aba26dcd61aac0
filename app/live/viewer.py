"""One open stream: bytes reach its socket without ever holding up the others. Runs under gevent."""

import _socket  # gevent's sockets can wait, which a viewer never does on its own, and weigh ten times as much.
import random
import struct
import time
from collections.abc import Callable
from contextlib import suppress

from gevent.pool import Group
from gevent.socket import wait_write

from app.live import sse

SEND_TIMEOUT_S = 10.0
"""A viewer whose socket takes nothing for this long is dropped. An ended one must take all that is left within it."""

USER_TIMEOUT_MS = 20_000
"""TCP gives up on a viewer that acknowledges nothing for this long (a pulled cable); by default it takes 15 minutes."""

PENDING_BYTES = 256 * 1024
"""Most that may wait for a slow viewer. Beyond it the viewer is dropped, and resumes from its last id."""

LIFETIME_SHARE = (0.75, 1.0)
"""Range of the share of the longest time that a stream lives: those opened together do not return together."""

_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER's value by which closing discards what was not sent."""

_flushes = Group()
"""A greenlet for each viewer whose socket is full at this moment."""


class Viewer:
    """Takes ready-made bytes and puts them on the wire.

    Its request is over for the server, and it owns its connection. So it is this object and a descriptor: no greenlet,
    no frame, no buffer. `send` hands the kernel what the kernel takes at once; a greenlet waits for the socket only
    while something is left over. Everything happens in one gevent loop and nothing yields between a check and its
    write, so there is no lock.
    """

    __slots__ = (
        "_connection",
        "_is_chunked",
        "_is_open",
        "_on_end",
        "_pending",
        "address",
        "credential",
        "due_mono_s",
        "email",
        "ending",
        "hosts",
        "sent_mono_s",
        "user",
    )

    def __init__(
        self,
        descriptor: int,
        *,
        user: str,
        email: str,
        address: str,
        credential: str,
        is_chunked: bool,
        hosts: frozenset[str] = frozenset(),
        longest_s: float,
        on_end: "Callable[[Viewer], None]",
    ) -> None:
        """`descriptor`: the connection, which this viewer owns from now on; the response's head is on its way.

        `user`: the user's id; `credential`: what let the client in (`Principal.credential`); `is_chunked`: HTTP/1.1;
        `hosts`: whose samples it wants, empty for all; `longest_s`: how long it may be open; `on_end`: called once,
        when the viewer takes nothing more.
        """
        self.user = user
        self.email = email
        self.address = address
        self.credential = credential
        self.hosts = hosts
        self.sent_mono_s = time.monotonic()
        """When it was last sent something."""
        self.due_mono_s = self.sent_mono_s + random.uniform(*LIFETIME_SHARE) * longest_s  # noqa: S311  spreading
        """When its stream is rotated; after its end, when its connection is cut."""
        self.ending: str | None = None
        """The reason that its `bye` gave; None while it is open, and where the client has left."""
        self._connection = _socket.socket(fileno=descriptor)
        self._is_chunked = is_chunked
        self._is_open = True
        self._on_end = on_end
        self._pending: bytearray | None = None
        """What the socket has not taken yet; None when it has taken everything."""
        self._connection.setblocking(False)
        _watch_for_loss(self._connection)

    def probe(self) -> bool:
        """Whether the client is still there, by its socket; if not, the stream ends.

        Without a probe only the second write to a stream notices that its client has left.
        """
        if self._is_open:
            try:
                if not self._connection.recv(1, _socket.MSG_PEEK):
                    self.drop()
            except BlockingIOError:
                pass  # Nothing to read: the client listens.
            except OSError:
                self.drop()
        return self._is_open

    def send(self, data: bytes) -> None:
        """Put whole events on the wire, now or as soon as the client takes them. Never blocks, never raises."""
        if self._is_open and data:  # An empty chunk would end the body.
            self.sent_mono_s = time.monotonic()
            self._put(sse.chunk(data) if self._is_chunked else data)

    def finish(self, reason: str, *, retry_ms: int | None = None) -> None:
        """End the stream in good order: after what is pending, a `bye` that says why.

        `retry_ms`: how long a client waits before it reconnects by itself; None: as it was told at the opening.
        """
        if not self._is_open:
            return
        self.ending = reason
        self.send(b"" if retry_ms is None else sse.retry(retry_ms))
        self.send(sse.Event({"reason": reason}, type="bye").encode())
        if self._is_open and self._is_chunked:
            self._put(sse.LAST_CHUNK)
        if self._is_open:
            self._end()

    def drop(self) -> None:
        """End the stream at once by a reset of the connection.

        So no client takes what was cut short for whole, and the kernel frees what it still held, up to some megabytes.
        """
        with suppress(OSError):
            self._connection.setsockopt(_socket.SOL_SOCKET, _socket.SO_LINGER, _RESET)
            self._connection.shutdown(_socket.SHUT_RDWR)  # Wakes the greenlet that waits for it.
        if self._pending:
            self._pending.clear()
        if self._is_open:
            self._end()

    def _end(self) -> None:
        self._is_open = False
        self.due_mono_s = time.monotonic() + SEND_TIMEOUT_S
        if self._pending is None:
            self._connection.close()
        self._on_end(self)

    def _put(self, data: bytes) -> None:
        # After what is pending: an event that overtakes it would land inside an unfinished chunk.
        if self._pending is not None:
            self._pending += data
            if len(self._pending) > PENDING_BYTES:
                self.drop()
            return
        taken = self._write(data)
        if taken < len(data) and self._is_open:
            self._pending = bytearray(data[taken:])
            _flushes.spawn(self._flush)

    def _write(self, data: bytes | bytearray) -> int:
        """Hand the kernel what it takes at once. Returns how many bytes; drops a broken connection."""
        try:
            return self._connection.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            self.drop()
            return 0

    def _flush(self) -> None:
        """Write what is pending as the socket takes it. `drop` empties it meanwhile."""
        while self._pending:
            try:
                wait_write(self._connection.fileno(), SEND_TIMEOUT_S, TimeoutError())
            except OSError:
                self.drop()
            del self._pending[: self._write(self._pending)]
            if not self._is_open and time.monotonic() > self.due_mono_s:
                self.drop()
        self._pending = None
        if not self._is_open:
            self._connection.close()


def wait_for_flushes(deadline_s: float) -> None:
    """Wait until every viewer has taken what was pending, `deadline_s` at most."""
    _flushes.join(timeout=deadline_s)


def _watch_for_loss(connection: _socket.socket) -> None:
    if connection.family in (_socket.AF_INET, _socket.AF_INET6):
        connection.setsockopt(_socket.SOL_SOCKET, _socket.SO_KEEPALIVE, 1)
        connection.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)
