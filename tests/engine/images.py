"""The images that the project pins: pulled where a registry answers, else stand-ins made of Debian's packages.

A stand-in has the pinned name and does what the project leans on: users, entry point, volumes, signals. Its version is
Debian's, and it says so by its label `standin`.
"""

import re
import shutil
import subprocess
from pathlib import Path

from tests.engine.debian_tree import base_tree
from tests.engine.engine import CannotRun, Engine

ROOT = Path(__file__).resolve().parent.parent.parent
IMAGES = Path(__file__).resolve().parent / "images"
SUITES = ("bookworm", "trixie")
NAMES = ("python", "node", "redis", "postgres", "rabbitmq")
"""In the order of their making: node stands on python."""

PULL_DEADLINE_S = 600.0


def pinned() -> dict[str, str]:
    """The images that the Dockerfile and the compose file name, by what they hold."""
    text = (ROOT / "Dockerfile").read_text() + (ROOT / "docker-compose.yml").read_text()
    found = re.findall(rf"(?:FROM|image:) (({'|'.join(NAMES)}):[\w.-]+)", text)
    return {name: image for image, name in found}


def provide(engine: Engine) -> list[str]:
    """See that the engine has all of them. Returns the names of the stand-ins among them. Raises: CannotRun."""
    images = pinned()
    missing = [name for name in NAMES if not _has(engine, images[name])]
    if missing and _can_pull(engine, images[missing[0]]):
        missing = [name for name in missing if not _can_pull(engine, images[name])]
    if missing:
        for suite in SUITES:
            _import_base(engine, suite)
        for name in missing:
            _build(engine, name, images)
    return [name for name in NAMES if _is_stand_in(engine, images[name])]


def _has(engine: Engine, image: str) -> bool:
    return engine.docker("image", "inspect", image).returncode == 0


def _is_stand_in(engine: Engine, image: str) -> bool:
    label = engine.docker("image", "inspect", "--format", '{{index .Config.Labels "standin"}}', image)
    return label.stdout.strip() == "yes"


def _can_pull(engine: Engine, image: str) -> bool:
    return engine.run(["docker", "pull", "-q", image], timeout_s=PULL_DEADLINE_S).returncode == 0


def _import_base(engine: Engine, suite: str) -> None:
    if _has(engine, f"standin/{suite}"):
        return
    tree = base_tree(engine.directory, suite)
    archive = engine.directory / f"base-{suite}.tar"
    left_out = ("./.done", "./var/cache/apt/archives/*.deb", "./dev/*", "./proc/*", "./sys/*")
    excluded = [word for path in left_out for word in ("--exclude", path)]
    subprocess.run(["tar", "-C", str(tree), *excluded, "-cf", str(archive), "."], check=True)
    imported = engine.docker("import", str(archive), f"standin/{suite}")
    archive.unlink()
    if imported.returncode:
        raise CannotRun(f"the engine takes no base image: {imported.stderr.strip()}")


def _build(engine: Engine, name: str, images: dict[str, str]) -> None:
    context = engine.directory / "standin" / name
    shutil.rmtree(context, ignore_errors=True)
    shutil.copytree(IMAGES / name, context)
    shutil.copy(ROOT / "requirements/node.txt", context)
    built = engine.docker(
        "build",
        "-q",
        "--network",
        "host",
        "--label",
        "standin=yes",
        "--build-arg",
        f"PYTHON={images['python']}",
        "-t",
        images[name],
        str(context),
    )
    if built.returncode:
        raise CannotRun(f"no stand-in for {images[name]} can be made: {built.stderr.strip()[-1500:]}")
