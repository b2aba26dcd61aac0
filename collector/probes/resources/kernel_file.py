"""Reads numbers from the kernel's small text files (`/proc`, `/sys/fs/cgroup`). Nothing here raises.

An unreadable number is None, whatever the reason: no permission, unexpected text, a kernel without it.
Source: kernel Documentation, admin-guide/cgroup-v1, cgroup-v2.rst and accounting/psi.rst.
"""

import os
import re
from pathlib import Path

_CHUNK_BYTES = 65536
_COUNT = re.compile(rb"\d{1,20}")
"""The kernel's counters have at most 64 bits, unsigned. Without the bound `int` would raise for thousands of digits."""
_SOME_TOTAL = re.compile(rb"^some .*\btotal=(\d{1,20})$", re.MULTILINE)


def exists(directory: Path, name: str = "") -> bool:
    """Whether the file exists; unlike `Path.exists` never raises, for example in a directory we may not enter."""
    try:
        return os.access(f"{directory}/{name}" if name else directory, os.F_OK)
    except ValueError:  # A NUL in the name.
        return False


def read_file(directory: Path, name: str) -> bytes | None:
    """The file's text; None if there is no such file, empty if it cannot be read.

    By plain system calls, and the path joined as text: a tick reads some twenty of these files, `Path.read_bytes` takes
    twice the time, and `Path` as long to join a path as the kernel to read the file.
    """
    try:
        descriptor = os.open(f"{directory}/{name}", os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return b""
    text = b""
    try:
        while chunk := os.read(descriptor, _CHUNK_BYTES):
            text += chunk
    except OSError:  # The cgroup is gone by now (ENODEV), or the kernel has this file turned off (EOPNOTSUPP).
        return b""
    finally:
        os.close(descriptor)
    return text


def parse_count(text: bytes | None) -> int | None:
    """The whole text as a number."""
    digits = (text or b"").strip()
    return int(digits) if _COUNT.fullmatch(digits) else None


def parse_field(text: bytes | None, key: bytes) -> int | None:
    """The number after `key` in lines of `key number`, such as those of `memory.stat`."""
    _, _, rest = (b"\n" + (text or b"")).partition(b"\n" + key + b" ")
    return parse_count(rest.partition(b"\n")[0])


def parse_stalled_s(text: bytes | None) -> float | None:
    """For how long some task has waited (s): the total of a pressure file's `some` line."""
    found = _SOME_TOTAL.search(text or b"")
    return int(found[1]) / 1e6 if found else None
