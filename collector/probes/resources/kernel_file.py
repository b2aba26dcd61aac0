"""The kernel's small text files (`/proc`, `/sys/fs/cgroup`): read, and their numbers picked out. Nothing here raises.

A number that cannot be read is None, whatever the reason: no permission, other text than documented, a kernel without
it. The files' forms: kernel Documentation, admin-guide/cgroup-v1, cgroup-v2.rst and accounting/psi.rst.
"""

import os
import re
from pathlib import Path

_CHUNK_BYTES = 65536
_COUNT = re.compile(rb"\d{1,20}")
"""The kernel's counters are unsigned and of 64 bit at most. The bound keeps `int` from refusing thousands of digits."""
_SOME_TOTAL = re.compile(rb"^some .*\btotal=(\d{1,20})$", re.MULTILINE)


def exists(path: Path) -> bool:
    """Whether there is such a file; unlike `Path.exists` also for a name too long or a directory closed to us."""
    try:
        return os.access(path, os.F_OK)
    except ValueError:  # A zero byte in the name.
        return False


def read_file(path: Path) -> bytes | None:
    """The file's text: None where there is no such file, empty where there is one that cannot be read.

    Deliberate: plain system calls. A tick reads some twenty of these files, and `Path.read_bytes` takes twice the time.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return b""
    text = b""
    try:
        while chunk := os.read(descriptor, _CHUNK_BYTES):
            text += chunk
    except OSError:  # The cgroup went away meanwhile (ENODEV), or the kernel has this file switched off (EOPNOTSUPP).
        return b""
    finally:
        os.close(descriptor)
    return text


def parse_count(text: bytes | None) -> int | None:
    """The number that is the whole text."""
    digits = (text or b"").strip()
    return int(digits) if _COUNT.fullmatch(digits) else None


def parse_field(text: bytes | None, key: bytes) -> int | None:
    """The number behind `key` in lines of `key number`, such as those of `memory.stat`."""
    _, _, rest = (b"\n" + (text or b"")).partition(b"\n" + key + b" ")
    return parse_count(rest.partition(b"\n")[0])


def parse_stalled_s(text: bytes | None) -> float | None:
    """How long some task has waited, in seconds: the total of a pressure file's `some` line."""
    found = _SOME_TOTAL.search(text or b"")
    return int(found[1]) / 1e6 if found else None
