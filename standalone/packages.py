"""The virtual environment: `.venv` with the pinned Python packages, each checked against its hash."""

import importlib.util
import os
import re
import shutil
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from standalone import wheel
from standalone.stamp import Stamp
from standalone.terminal import CannotStart, CommandFailed, run_shown, say

# Three tries of 8 s: the user learns of an unreachable registry within half a minute.
PIP_OPTIONS = ("--disable-pip-version-check", "--no-input", "--retries", "2", "--timeout", "8")
PYTHON_VERSION = "{}.{}".format(*sys.version_info)


@dataclass(frozen=True)
class Venv:
    """The virtual environment at `path`; it need not exist yet."""

    path: Path

    @property
    def bin(self) -> Path:
        """The directory of its commands."""
        return self.path / "bin"

    @property
    def python(self) -> Path:
        """Its interpreter. The link is not resolved: Python finds the environment by it."""
        return self.bin / "python"

    def provide(self, requirements: Path) -> None:
        """Make the environment and install `requirements` if that has not been done.

        Raises: CannotStart; an environment made by this call is then removed.
        """
        stamp = self._stamp(requirements)
        if stamp.is_current and self._is_of_this_python():
            return
        is_new = not self._is_of_this_python()
        try:
            if is_new:
                self._make()
            stamp.clear()
            self.install(requirements, "the Python packages")
        except BaseException:
            if is_new:
                shutil.rmtree(self.path, ignore_errors=True)
            raise
        stamp.set()
        if requirements.name == "dev.txt":
            # dev.txt holds all that `make run` needs, at the same versions.
            self._stamp(requirements.with_name("standalone.txt")).set()

    def install(self, requirements: Path, title: str) -> None:
        """Install `requirements` and show each package as it arrives.

        Raises: CannotStart.
        """
        say(f"Installing {title} ({requirements.name})")
        self.pip("install", "--require-hashes", "--only-binary", ":all:", "-r", requirements)

    def pip(self, command: str, *arguments: str | Path) -> None:
        """Run this environment's pip.

        Raises: CannotStart.
        """
        try:
            run_shown([self.python, "-m", "pip", command, *PIP_OPTIONS, *arguments], _shown)
        except CommandFailed as exc:
            raise CannotStart(_explain(exc.tail)) from exc

    def _make(self) -> None:
        say(f"Making {self.path.name} with Python {PYTHON_VERSION}")
        has_pip = importlib.util.find_spec("ensurepip") is not None
        try:
            venv.create(self.path, clear=True, symlinks=True, with_pip=has_pip)
        except OSError as exc:
            raise CannotStart(f"Cannot make {self.path}: {exc.strerror}.") from exc
        if not has_pip:
            wheel.install_pip(self.python)

    def _is_of_this_python(self) -> bool:
        """Whether environment and interpreter exist, and a Python of this version made them."""
        config = self.path / "pyvenv.cfg"
        if not (self.python.exists() and config.exists()):
            return False
        return re.search(rf"^version\S* = {re.escape(PYTHON_VERSION)}\b", config.read_text(), re.MULTILINE) is not None

    def _stamp(self, requirements: Path) -> Stamp:
        return Stamp(self.path / f".{requirements.stem}", requirements)


def registry() -> str:
    """The package registry's address without its password."""
    parts = urlsplit(os.environ.get("PIP_INDEX_URL") or wheel.PYPI)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _shown(line: str) -> str | None:
    if line.startswith("Collecting "):
        return line.removeprefix("Collecting ").split(" ")[0].replace("==", " ")
    if line.startswith("Installing collected packages"):
        return f"unpacking {line.count(',') + 1}"
    return "the registry does not answer, trying again" if line.startswith("WARNING: Retrying") else None


def _explain(output: str) -> str:
    if re.search(r"connection broken by|Max retries exceeded|timed out|ConnectionError", output):
        return (
            f"Cannot install the Python packages: {registry()} does not answer. "
            "Is this machine online? PIP_INDEX_URL names a mirror, HTTPS_PROXY a proxy."
        )
    errors = [line for line in output.splitlines() if line.startswith("ERROR: ")]
    reason = errors[-1].removeprefix("ERROR: ") if errors else output.rpartition("\n")[2]
    return f"Cannot install the Python packages: pip says: {reason}"
