"""Sets up a clone: each step in its order, skipped when its result is there already."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from standalone import node, packages, redis
from standalone.terminal import say

ROOT = Path(__file__).resolve().parent.parent


def set_up(*, with_tests: bool) -> Path:
    """Make `.venv`, build the page and, where it is needed, fetch a Redis. Returns the Python of `.venv`.

    Raises: CannotStart; nothing half-made is left.
    """
    venv = packages.Venv(ROOT / ".venv")
    requirements = ROOT / "requirements" / ("dev.txt" if with_tests else "standalone.txt")
    with _alone():
        venv.provide(requirements)
        node.provide_page(ROOT, venv, with_tests=with_tests)
        if not os.environ.get("REDIS_URL") and not os.environ.get("REDIS_URL_FILE"):
            redis.provide_binary(venv)
    return venv.python


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the clone's lock: of two `make` started at once, the second waits until the first has set up."""
    with (ROOT / "requirements/standalone.txt").open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for the other `make` that sets up this clone")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
