"""Brings a clone to where it can run: the steps in their order, each skipped when its result is already there."""

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

    Raises: CannotStart, with nothing half-made left.
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
    """Two copies may be started at once from one clone; the second waits for what the first one installs."""
    with (ROOT / "requirements/standalone.txt").open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for the other `make` that sets up this clone")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
