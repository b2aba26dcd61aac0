"""A copy of the page's sources, where a test may edit and build."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def make_clone(directory: Path, static: Path = ROOT / "static") -> Path:
    """`directory` with `build.js`, what it needs, and a copy of the files in `static`, not built yet."""
    shutil.copytree(static, directory / "static", ignore=shutil.ignore_patterns("built"))
    for name in ("build.js", "package.json", "package-lock.json"):
        shutil.copy(ROOT / name, directory)
    (directory / "node_modules").symlink_to(ROOT / "node_modules")
    return directory


def build(clone: Path) -> subprocess.CompletedProcess[str]:
    """Run `build.js` there."""
    return subprocess.run(["node", clone / "build.js"], capture_output=True, text=True, check=False, timeout=60)
