"""Messages of the panel's library on a service's stderr, written without waiting for its reader.

Not by `logging`: the service's handlers have locks. Under eventlet no other thread may wait for them, and a child
forked at that moment would find them locked for ever.
"""

import _socket
import os
import posix  # Of `os`, eventlet has patched some.
import socket
import stat
import sys
from contextlib import suppress

from collector.logs.native_thread import start_thread


def complain(text: str) -> None:
    """Write one line; write nothing if there is no stderr, or if it is a full pipe."""
    line = f"[zapvoice-monitor] {text}\n".encode("utf-8", "replace")
    with suppress(OSError, ValueError, AttributeError):
        # The file, not `sys.stderr`: Celery puts its logging there.
        _write(sys.__stderr__.fileno(), line)  # type: ignore[union-attr]


def _write(fd: int, line: bytes) -> None:
    mode = posix.fstat(fd).st_mode
    if stat.S_ISREG(mode):
        posix.write(fd, line)
    elif stat.S_ISSOCK(mode):
        _socket.socket(fileno=posix.dup(fd)).send(line, socket.MSG_DONTWAIT)
    else:
        try:
            _write_to_pipe(f"/proc/self/fd/{fd}", line)
        except PermissionError:  # Another user owns the pipe: the one that started this process.
            start_thread(lambda: posix.write(fd, line))


def _write_to_pipe(path: str, line: bytes) -> None:
    """Open the pipe anew: on the shared one, O_NONBLOCK would make other writers lose what they write."""
    pipe = posix.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        posix.write(pipe, line)
    finally:
        posix.close(pipe)
