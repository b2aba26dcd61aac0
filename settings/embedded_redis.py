"""Where the Redis that `make run` starts listens: its socket, and the URLs of its databases."""

import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

LONGEST_SOCKET_PATH = 107
"""Bytes that `sockaddr_un.sun_path` holds, less its closing NUL (unix(7))."""

WITHOUT_EMBEDDED = "redis://127.0.0.1:6379/0"
"""Redis' own default address."""


def socket_path(data_dir: Path) -> Path:
    """The socket in `data_dir`, or in the temp directory where that path would be too long for the kernel."""
    path = data_dir / "redis.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return Path(tempfile.gettempdir(), f"zapvoice-{os.getuid()}-{name}", "redis.sock")


def url(data_dir: Path, database: int) -> str:
    """The embedded Redis as redis-py spells it: database 0 is the panel's, 1 the demo's broker."""
    return f"unix://{quote(str(socket_path(data_dir)))}?db={database}"


def default_url(above: Mapping[str, Any]) -> str:
    """The embedded Redis of the data directory where it runs, else Redis' own default."""
    data_dir = above.get("monitor_data_dir")
    return url(data_dir, 0) if data_dir and _is_there(data_dir) else WITHOUT_EMBEDDED


def _is_there(data_dir: Path) -> bool:
    """Anyone may make a socket in the temp directory: it counts if it belongs to the owner of the data directory."""
    path = socket_path(data_dir)
    return path.is_socket() and path.parent.stat().st_uid == data_dir.stat().st_uid
