"""The page's part of the set-up: installs what the lock file names from npm, then builds the page."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from standalone.packages import Venv
from standalone.stamp import Stamp
from standalone.terminal import CannotStart, CommandFailed, run_shown, say

OLDEST_NODE = 20
REQUIREMENT = Path(__file__).resolve().parents[1] / "requirements/node.txt"
# As with pip: the user learns of an unreachable registry within half a minute.
NPM_OPTIONS = ("--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-timeout=10000")


def provide_page(root: Path, venv: Venv, *, with_tests: bool) -> None:
    """Install what `package-lock.json` names, then build the page; skip what is done already. Raises: CannotStart."""
    modules, lock = root / "node_modules", root / "package-lock.json"
    product, everything = Stamp(modules / ".product", lock), Stamp(modules / ".everything", lock)
    programs = _find_node(venv)
    if programs is None:
        venv.install(REQUIREMENT, "Node.js, which this machine lacks")
        programs = venv.bin / "node", venv.bin / "npm"
    node, npm = programs
    if not everything.is_current and (with_tests or not product.is_current):
        say("Fetching the page's compiler and charts" + (", and its type checker" if with_tests else ""))
        command = [npm, "ci", *NPM_OPTIONS, *(() if with_tests else ("--omit=dev",))]
        _run(command, root, "Cannot fetch what package-lock.json names: npm says: {}")
        (everything if with_tests else product).set()
    _run([node, "build.js"], root, "Cannot build the page: {}")


def _run(command: list[str | Path], root: Path, sentence: str) -> None:
    # npm trusts the certificates that the machine trusts, as pip does.
    environ = {**os.environ, "NODE_USE_SYSTEM_CA": "1"}
    try:
        run_shown(command, lambda _: None, cwd=root, environ=environ)
    except CommandFailed as exc:
        raise CannotStart(sentence.format(_reason(exc.tail))) from exc


def _find_node(venv: Venv) -> tuple[Path, Path] | None:
    """Node.js and its npm, the environment's before the machine's; None if there is none that is new enough."""
    npm = shutil.which("npm", path=f"{venv.bin}{os.pathsep}{os.environ.get('PATH', os.defpath)}")
    node = npm and shutil.which("node", path=f"{Path(npm).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}")
    if not npm or not node:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    major = answer.stdout.strip().lstrip("v").partition(".")[0]
    return (Path(node), Path(npm)) if major.isdigit() and int(major) >= OLDEST_NODE else None


def _reason(output: str) -> str:
    """The first line that npm, esbuild or Node.js marks as an error."""
    marks = r"npm (?:error|ERR!) (?!code|errno|syscall|path|type)|(?=\S+: ERROR: )|\w*Error: (?!Build failed)"
    told = re.findall(rf"^(?:{marks})(\S.*)$", output, re.MULTILINE)
    return told[0] if told else output.rpartition("\n")[2]
