"""One open stream: how bytes reach its socket without ever holding up the others. Runs under gevent."""

import _socket  # gevent's sockets know how to wait, which nobody does here, and weigh ten times as much.
import random
import struct
import time
from collections.abc import Callable
from contextlib import suppress

from gevent.pool import Group
from gevent.socket import wait_write

from app.live import sse

SEND_TIMEOUT_S = 10.0
"""A viewer whose socket takes nothing for so long is dropped; one that is being ended has so long for all of it."""

USER_TIMEOUT_MS = 20_000
"""TCP gives up on a viewer that acknowledges nothing for so long (a pulled cable), instead of after some 15 minutes."""

PENDING_BYTES = 256 * 1024
"""What may wait for a slow viewer. Beyond it the viewer is dropped; it resumes by its last id."""

LONGEST_SHARE = (0.75, 1.0)
"""The share of the longest age after which a stream is due: those opened together do not come back together."""

_RESET = struct.pack("ii", 1, 0)
"""As SO_LINGER: closing does not wait for what was not sent."""

_flushes = Group()
"""A greenlet for each viewer whose socket is full at this moment."""


class Viewer:
    """Takes ready-made bytes from the hub and puts them on the wire.

    Its request is over for the server and its connection is its own, so that it is this object and a descriptor: no
    greenlet, no frame, no buffer. `send` hands the kernel what it takes at once; only while something is left over does
    a greenlet wait for the socket. All is done within one gevent loop and nothing between a check and its write yields,
    so no lock.
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
        "ending",
        "hosts",
        "sent_mono_s",
        "user",
        "who",
    )

    def __init__(
        self,
        descriptor: int,
        *,
        user: str,
        who: str,
        address: str,
        credential: str,
        is_chunked: bool,
        hosts: frozenset[str] = frozenset(),
        longest_s: float,
        on_end: "Callable[[Viewer], None]",
    ) -> None:
        """`descriptor`: the connection, which is this viewer's from now on; the response's head is on its way.

        `who`: the user's e-mail address; `credential`: what let it in, and may be taken away; `is_chunked`: HTTP/1.1;
        `hosts`: whose samples it wants, none named for all; longest_s: how long it may be open; `on_end` is called once
        when it takes nothing more.
        """
        self.user = user
        self.who = who
        self.address = address
        self.credential = credential
        self.hosts = hosts
        self.sent_mono_s = time.monotonic()
        """When it was last sent anything."""
        self.due_mono_s = self.sent_mono_s + random.uniform(*LONGEST_SHARE) * longest_s  # noqa: S311  spreading
        """When it has been open for long enough and is sent round; once it has been ended, when it is cut off."""
        self.ending: str | None = None
        """Why this end has ended it, as it was told; None while it is open, or when the other end has left."""
        self._connection = _socket.socket(fileno=descriptor)
        self._is_chunked = is_chunked
        self._is_open = True
        self._on_end = on_end
        self._pending: bytearray | None = None
        """What the socket has not taken yet; None when it has taken everything."""
        self._connection.setblocking(False)
        _watch_for_loss(self._connection)

    def look(self) -> bool:
        """Whether the client is still there, as its socket tells. Nobody else looks: a stream that was left is noticed
        only by the second write to it.
        """
        if self._is_open:
            try:
                if not self._connection.recv(1, _socket.MSG_PEEK):
                    self.drop()
            except BlockingIOError:
                pass  # Nothing to read: it listens.
            except OSError:
                self.drop()
        return self._is_open

    def send(self, data: bytes) -> None:
        """Put whole events on the wire now or as soon as the viewer takes them; never blocks, never raises."""
        if self._is_open and data:  # An empty chunk would end the body.
            self.sent_mono_s = time.monotonic()
            self._put(sse.chunk(data) if self._is_chunked else data)

    def finish(self, reason: str, *, retry_ms: int | None = None) -> None:
        """End the stream in good order: after what is still pending and a `bye` that says why.

        retry_ms: how long a client that reconnects by itself waits; None: as it was told at the opening.
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
        """End the stream at once. The connection is reset: what was cut short must not be taken for whole, and the
        kernel lets go of what it still held, up to some megabytes.
        """
        with suppress(OSError):
            self._connection.setsockopt(_socket.SOL_SOCKET, _socket.SO_LINGER, _RESET)
            self._connection.shutdown(_socket.SHUT_RDWR)  # Wakes who waits for it.
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
        # What is pending goes first: an event that overtakes it would land inside an unfinished chunk.
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
        """Hand the kernel what it takes at once: how many bytes. A connection that is broken is dropped."""
        try:
            return self._connection.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            self.drop()
            return 0

    def _flush(self) -> None:
        """Write what is pending as the socket takes it, then let go of it. Whoever drops it meanwhile empties it."""
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


def wait_for_slow(deadline_s: float) -> None:
    """Wait until everybody has taken what was pending, but not for longer."""
    _flushes.join(timeout=deadline_s)


def _watch_for_loss(connection: _socket.socket) -> None:
    if connection.family in (_socket.AF_INET, _socket.AF_INET6):
        connection.setsockopt(_socket.SOL_SOCKET, _socket.SO_KEEPALIVE, 1)
        connection.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)
