"""Checks before anything starts: each fault is one sentence, and nothing is created before it."""

import fcntl
import os
import socket
import tempfile
from pathlib import Path

from standalone.terminal import CannotStart


def check_port(address: str, port: int) -> None:
    """Raises: CannotStart if the web process could not listen there."""
    try:
        family, kind, protocol, _, target = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            # As gunicorn does: lingering connections of an earlier run are no obstacle.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(target)
    except OSError as exc:
        raise CannotStart(f"Cannot listen on {address}, port {port}: {exc.strerror}. Set PORT to another.") from exc


def claim_data_dir(path: Path) -> int:
    """Make the directory and lock it. The lock lasts as long as the returned descriptor, also across an exec.

    Raises: CannotStart when it cannot be written or another copy runs on it.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with tempfile.TemporaryFile(dir=path):
            pass
    except BlockingIOError as exc:
        raise CannotStart(
            f"Another copy runs on {path}: stop it, or set MONITOR_DATA_DIR to another directory."
        ) from exc
    except OSError as exc:
        raise CannotStart(f"MONITOR_DATA_DIR {path} cannot be written: {exc.strerror}.") from exc
    os.set_inheritable(descriptor, True)
    return descriptor
