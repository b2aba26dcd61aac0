"""A TCP proxy that spoils the link between a process and a service: the toxics of toxiproxy that are needed here.

    link = Link(("127.0.0.1", server.port))
    link.black_hole()      # nothing comes through any more, nobody is told
    link.heal()

Each direction of a connection is a thread that reads, applies the toxics in force at that moment, and writes. Bounded:
a chunk is at most `CHUNK_BYTES`, and the next one is read only when it is on its way.
"""

import random
import socket
import struct
import threading
import time
from contextlib import suppress
from typing import Self

CHUNK_BYTES = 16 * 1024
LINGER_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER on for 0 s: closing sends RST instead of FIN (socket(7))."""

Address = tuple[str, int] | str
"""Host and port, or the path of a Unix socket."""


class _Wire:
    """One connection through the link: the caller's socket and ours to the service."""

    def __init__(self, near: socket.socket, far: socket.socket) -> None:
        self.ends = (near, far)
        self.is_silent = False
        """Swallows everything, for good: what was lost on the way does not come later."""

    def close(self, *, reset: bool = False) -> None:
        for end in self.ends:
            with suppress(OSError):
                if reset and end.family != socket.AF_UNIX:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)
                # A bare close would not wake the thread that reads from it, and SHUT_WR would send a FIN.
                end.shutdown(socket.SHUT_RD if reset else socket.SHUT_RDWR)
            with suppress(OSError):
                end.close()


class Link:
    """Listens on a port of 127.0.0.1 and passes everything on to `upstream`, as the toxics allow."""

    def __init__(self, upstream: Address) -> None:
        self._upstream = upstream
        self._lock = threading.Lock()
        self._wires: set[_Wire] = set()
        self._listener: socket.socket | None = None
        self.port = 0
        self._clear()
        self._listen()

    def _clear(self) -> None:
        self._latency_s = self._jitter_s = 0.0
        self._slice_bytes, self._slice_pause_s = 0, 0.0
        self._bytes_per_s: float | None = None
        self._is_black_hole = False
        self._resets_after: int | None = None

    def down(self) -> None:
        """Nobody listens: open connections end, new ones are refused."""
        self._stop_listening()
        self._drop_all()

    def black_hole(self) -> None:
        """Open connections fall silent for good, and new ones are accepted and silent, until `heal()`."""
        self._is_black_hole = True
        self.half_open()

    def half_open(self) -> None:
        """Open connections fall silent for good; new ones work, as after a failover or a NAT that forgot them."""
        with self._lock:
            for wire in self._wires:
                wire.is_silent = True

    def delay(self, latency_s: float, jitter_s: float = 0.0) -> None:
        """Every chunk arrives later by `latency_s`, give or take up to `jitter_s`."""
        self._latency_s, self._jitter_s = latency_s, jitter_s

    def slice(self, size_bytes: int, pause_s: float = 0.0) -> None:
        """Whatever is sent arrives in pieces of `size_bytes`, with a pause between two."""
        self._slice_bytes, self._slice_pause_s = size_bytes, pause_s

    def limit(self, bytes_per_s: float) -> None:
        """No direction of a connection carries more than this."""
        self._bytes_per_s = bytes_per_s

    def reset(self, after_bytes: int = 0) -> None:
        """Open connections are reset, and every new one once `after_bytes` have come through it, until `heal()`."""
        self._resets_after = after_bytes
        self._drop_all(reset=True)

    def heal(self) -> None:
        """New connections work. Those that a black hole has silenced stay silent: their bytes are lost."""
        self._clear()
        self._listen()

    def close(self) -> None:
        """End everything."""
        self.down()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _listen(self) -> None:
        if self._listener is not None:
            return
        listener = socket.create_server(("127.0.0.1", self.port), backlog=256)
        self._listener, self.port = listener, listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _stop_listening(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._connect, args=(near,), daemon=True).start()

    def _connect(self, near: socket.socket) -> None:
        family = socket.AF_UNIX if isinstance(self._upstream, str) else socket.AF_INET
        far = socket.socket(family, socket.SOCK_STREAM)
        wire = _Wire(near, far)
        wire.is_silent = self._is_black_hole
        with self._lock:
            self._wires.add(wire)
        try:
            far.connect(self._upstream)
        except OSError:
            self._drop(wire, reset=True)
            return
        for source, sink in ((near, far), (far, near)):
            threading.Thread(target=self._pump, args=(wire, source, sink), daemon=True).start()

    def _pump(self, wire: _Wire, source: socket.socket, sink: socket.socket) -> None:
        passed = 0
        with suppress(OSError):
            while chunk := source.recv(CHUNK_BYTES):
                passed += len(chunk)
                if self._resets_after is not None and passed > self._resets_after:
                    self._drop(wire, reset=True)
                    return
                self._send(wire, sink, chunk)
        if not wire.is_silent:  # Nor does the end of a connection come through.
            self._drop(wire)

    def _send(self, wire: _Wire, sink: socket.socket, chunk: bytes) -> None:
        if self._latency_s:
            time.sleep(max(0.0, self._latency_s + random.uniform(-self._jitter_s, self._jitter_s)))
        size = self._slice_bytes or len(chunk)
        for start in range(0, len(chunk), size):
            piece = chunk[start : start + size]
            if wire.is_silent:
                return
            sink.sendall(piece)
            pause_s = self._slice_pause_s if start + size < len(chunk) else 0.0
            if self._bytes_per_s:
                pause_s = max(pause_s, len(piece) / self._bytes_per_s)
            if pause_s:
                time.sleep(pause_s)

    def _drop(self, wire: _Wire, *, reset: bool = False) -> None:
        with self._lock:
            self._wires.discard(wire)
        wire.close(reset=reset)

    def _drop_all(self, *, reset: bool = False) -> None:
        with self._lock:
            wires, self._wires = self._wires, set()
        for wire in wires:
            wire.close(reset=reset)
