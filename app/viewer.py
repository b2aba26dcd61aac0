"""One open stream: how bytes reach its socket without ever holding up the others. Runs under gevent."""

import random
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import suppress

from gevent.event import Event as Signal

from app import sse

SEND_TIMEOUT_S = 10.0
"""A viewer whose socket takes nothing for so long is dropped."""

USER_TIMEOUT_MS = 20_000
"""TCP gives up on a viewer that acknowledges nothing for so long (a pulled cable), instead of after some 15 minutes."""

PENDING_BYTES = 256 * 1024
"""What may wait for a slow viewer. Beyond it the viewer is dropped; it resumes by its last id."""

LONGEST_SHARE = (0.75, 1.0)
"""The share of the longest age after which a stream is due: those opened together do not come back together."""


class Viewer:
    """Takes ready-made bytes from the hub and puts them on the wire.

    Where the socket is at hand and takes the bytes at once, `send` writes them itself: no greenlet wakes, which is
    what makes thousands of viewers cheap. Else they wait in `pending` for the viewer's own greenlet, which runs
    `frames`. Everything is done within one gevent loop and nothing between a check and its write yields, so no lock.
    """

    def __init__(
        self,
        user: str,
        credential: str,
        client: socket.socket | None,
        *,
        is_chunked: bool,
        hosts: frozenset[str] = frozenset(),
        longest_s: float,
    ) -> None:
        """`credential`: what let it in, and may be taken away; `client`: the connection's socket, None where the server
        does not show it; `is_chunked`: HTTP/1.1; `hosts`: whose samples it wants, none named for all;
        longest_s: how long it may be open.
        """
        self.user = user
        self.credential = credential
        self.hosts = hosts
        self.sent_mono_s = time.monotonic()
        """When it was last sent anything."""
        self.due_mono_s = self.sent_mono_s + random.uniform(*LONGEST_SHARE) * longest_s  # noqa: S311  spreading
        """When it has been open for long enough and is sent round."""
        self.ending: str | None = None
        """Why this end has ended it, as it was told; None while it is open, or when the other end has left."""
        self._is_chunked = is_chunked
        # A TLS socket's partial writes cannot be resumed from outside; such bytes go through the server.
        self._socket = None if isinstance(client, ssl.SSLSocket) else client
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._wake = Signal()
        self._is_open = True
        self._is_flushing = True  # until `frames` starts: the server may still be writing the response's head
        if self._socket is not None:
            _watch_for_loss(self._socket)

    def look(self) -> bool:
        """Whether the client is still there, as its socket tells. Nobody else looks: a stream that was left is noticed
        only by the second write to it.
        """
        if self._socket is not None and self._is_open:
            self._socket.settimeout(0.0)
            try:
                if not self._socket.recv(1, socket.MSG_PEEK):
                    self.drop()
            except BlockingIOError:
                pass  # Nothing to read: it listens.
            except OSError:
                self.drop()
            finally:
                self._socket.settimeout(SEND_TIMEOUT_S)
        return self._is_open

    def send(self, data: bytes) -> None:
        """Put whole events on the wire now or as soon as the viewer takes them; never blocks, never raises."""
        if not self._is_open or not data:  # An empty chunk would end the body.
            return
        self.sent_mono_s = time.monotonic()
        if self._socket is not None:
            data = sse.chunk(data) if self._is_chunked else data
            # What is pending goes first: an event that overtakes it would land inside an unfinished chunk.
            if not self._is_flushing and not self._pending:
                data = self._write(self._socket, data)
        if data:
            self._keep(data)

    def frames(self) -> Iterator[bytes]:
        """The response's body, run by the viewer's own greenlet until the stream ends.

        Yields bytes only where the socket is not at hand; else flushes to it what could not be written at once.
        """
        while True:
            data = self._take()
            if data and self._socket is not None:
                self._flush(self._socket, data)
            elif data:
                yield data
            elif not self._is_open:
                return
            else:
                self._is_flushing = False
                self._wake.wait()
                self._wake.clear()
                self._is_flushing = True

    def finish(self, reason: str, *, retry_ms: int | None = None) -> None:
        """End the stream in good order: after what is still pending and a `bye` that says why.

        retry_ms: how long a client that reconnects by itself waits; None: as it was told at the opening.
        """
        if not self._is_open:
            return
        self.ending = reason
        self.send(b"" if retry_ms is None else sse.retry(retry_ms))
        self.send(sse.Event({"reason": reason}, type="bye").encode())
        self._is_open = False
        self._wake.set()

    def drop(self) -> None:
        """End the stream at once. The connection is shut down: what was cut short must not be taken for whole."""
        self._is_open = False
        self._pending.clear()
        self._pending_bytes = 0
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
        self._wake.set()

    def _write(self, client: socket.socket, data: bytes) -> bytes:
        """Hand the kernel what it takes at once; what is left over."""
        client.settimeout(0.0)
        try:
            return data[client.send(data) :]
        except BlockingIOError:
            return data
        except OSError:
            self.drop()
            return b""
        finally:
            client.settimeout(SEND_TIMEOUT_S)

    def _flush(self, client: socket.socket, data: bytes) -> None:
        try:
            client.sendall(data)
        except OSError:
            self.drop()

    def _keep(self, data: bytes) -> None:
        if self._pending_bytes + len(data) > PENDING_BYTES:
            self.drop()
            return
        self._pending.append(data)
        self._pending_bytes += len(data)
        self._wake.set()

    def _take(self) -> bytes:
        data = b"".join(self._pending)
        self._pending.clear()
        self._pending_bytes = 0
        return data


def _watch_for_loss(client: socket.socket) -> None:
    client.settimeout(SEND_TIMEOUT_S)
    if client.family in (socket.AF_INET, socket.AF_INET6):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)
