"""What the panel's library has to say in a service, on its stderr, without waiting for whoever reads that.

Not by `logging`: the service's handlers have locks, which under eventlet no other thread may wait for, and which a
child that is forked at that moment would find locked for ever.
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
    """Write one line; nothing where there is no stderr, or where it is a pipe that is full."""
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
        except PermissionError:  # It belongs to the user who has started this process as another one.
            start_thread(lambda: posix.write(fd, line))


def _write_to_pipe(path: str, line: bytes) -> None:
    """Opened anew, or whoever shares it would not wait either, and lose what they write."""
    pipe = posix.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        posix.write(pipe, line)
    finally:
        posix.close(pipe)
