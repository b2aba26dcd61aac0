"""What comes from npm, by lock file: uPlot for the page, and for the tests the type checker."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from standalone.packages import Venv
from standalone.stamp import Stamp
from standalone.terminal import CannotStart, CommandFailed, run_shown, say

UPLOT_FILES = ("uPlot.iife.min.js",)
OLDEST_NODE = 20
REQUIREMENT = Path(__file__).resolve().parents[1] / "requirements/node.txt"
# As with pip: an unreachable registry is told of within half a minute.
NPM_OPTIONS = ("--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-timeout=10000")


def provide_uplot(root: Path, venv: Venv) -> None:
    """Copy uPlot's two files into `static/vendor`, unless they are there. Raises: CannotStart."""
    vendor = root / "static" / "vendor"
    stamp = Stamp(vendor / ".package-lock", root / "package-lock.json")
    if stamp.is_current:
        return
    say("Fetching uPlot, which draws the charts")
    with tempfile.TemporaryDirectory() as scratch:
        # Not in the clone: `npm ci` would take away the modules that `make test` has installed there.
        for name in ("package.json", "package-lock.json"):
            shutil.copy(root / name, scratch)
        _npm_ci(Path(scratch), venv, "--omit=dev")
        vendor.mkdir(parents=True, exist_ok=True)
        for name in UPLOT_FILES:
            shutil.copy(Path(scratch, "node_modules", "uplot", "dist", name), vendor)
    stamp.set()


def provide_modules(root: Path, venv: Venv) -> None:
    """Install all that `package-lock.json` names into `node_modules`, unless it is there. Raises: CannotStart."""
    stamp = Stamp(root / "node_modules" / ".stamp", root / "package-lock.json")
    if stamp.is_current and _find_npm(venv):
        return
    say("Fetching the page's type checker")
    _npm_ci(root, venv)
    stamp.set()


def _npm_ci(directory: Path, venv: Venv, *options: str) -> None:
    npm = _find_npm(venv)
    if npm is None:
        venv.install(REQUIREMENT, "Node.js, which this machine lacks")
        npm = venv.bin / "npm"
    try:
        # As pip does, trust the certificates that the machine trusts.
        environ = {**os.environ, "NODE_USE_SYSTEM_CA": "1"}
        run_shown([npm, "ci", *NPM_OPTIONS, *options], lambda _: None, cwd=directory, environ=environ)
    except CommandFailed as exc:
        raise CannotStart(f"Cannot fetch what package-lock.json names: npm says: {_reason(exc.tail)}") from exc


def _find_npm(venv: Venv) -> Path | None:
    """npm beside a Node.js that is new enough, the environment's own first."""
    npm = shutil.which("npm", path=f"{venv.bin}{os.pathsep}{os.environ.get('PATH', os.defpath)}")
    node = npm and shutil.which("node", path=f"{Path(npm).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}")
    if not npm or not node:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    major = answer.stdout.strip().lstrip("v").partition(".")[0]
    return Path(npm) if major.isdigit() and int(major) >= OLDEST_NODE else None


def _reason(output: str) -> str:
    told = re.findall(r"^npm (?:error|ERR!) (?!code|errno|syscall|path|type)(\S.*)$", output, re.MULTILINE)
    return told[0] if told else output.rpartition("\n")[2]
