"""Celery in other versions than the pinned one, each in a virtual environment of its own.

    CELERY_VERSIONS="4.4.7 5.2.7" pytest tests/live/test_worker_inspect.py        # or: make test-celery

Without that variable only the pinned Celery is tested. The environments are made in a temporary directory, once a run.
"""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

PINNED = "pinned"

COMPANIONS = {
    "4.4.7": ("kombu==4.6.11", "redis<4"),
    "5.0.5": ("kombu==5.0.2", "redis<4"),
    "5.1.2": ("kombu==5.1.0", "redis<4"),
    "5.2.7": ("kombu==5.2.4", "redis<4.4"),
    "5.3.6": ("kombu==5.3.7", "redis<5"),
    "5.4.0": ("kombu==5.4.2", "redis<5.3"),
    "5.5.3": ("kombu==5.5.4", "redis<5.3"),
    "5.6.2": ("kombu==5.6.2", "redis<7"),
}
"""By Celery's version, what it came out with: pip would take newer ones."""

MAKING_S = 600.0
"""How long each of the two steps that make an environment may take; a test waits for it that needs it first."""

OLD_PYTHON = """\
import inspect

inspect.formatargspec = lambda *args, **kwargs: str(args)
inspect.getargspec = lambda function: inspect.getfullargspec(function)[:4]
"""
"""Two functions that Python 3.11 no longer has, and that vine 1.3, of Celery 4.4, imports."""


def versions_under_test() -> list[str]:
    """The pinned version and those that CELERY_VERSIONS names."""
    return [PINNED, *os.environ.get("CELERY_VERSIONS", "").split()]


def patience_s() -> float:
    """How long a test may take that needs an environment."""
    return 120.0 if versions_under_test() == [PINNED] else 120.0 + 2 * MAKING_S


@cache
def python_of(version: str) -> str:
    """The Python of the environment with this Celery."""
    if version == PINNED:
        return sys.executable
    environment = _folder() / version
    # With the pip that comes with Python: newer ones refuse what old Celerys say of themselves (`pytz>dev`).
    subprocess.run([sys.executable, "-m", "venv", environment], check=True, timeout=MAKING_S)
    python = environment / "bin" / "python"
    pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, f"celery=={version}", *COMPANIONS[version], "setuptools<81"], check=True, timeout=MAKING_S)
    if version.startswith("4."):
        packages = next((environment / "lib").glob("python3*/site-packages"))
        (packages / "sitecustomize.py").write_text(OLD_PYTHON)
    return str(python)


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="monitor-celery-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
