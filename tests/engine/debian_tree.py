"""A Debian of another release in a directory, for what this machine's own packages do not have."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.engine.engine import CannotRun

INSTALL = """
mount --rbind /dev "$1/dev"
mount -t proc proc "$1/proc"
export DEBIAN_FRONTEND=noninteractive
chroot "$1" apt-get update -q
tree=$1
shift
chroot "$tree" apt-get install -y -q --no-install-recommends "$@"
chroot "$tree" apt-get clean
"""
"""In a mount namespace of its own: nothing of it is left mounted."""

CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


def base_tree(directory: Path, suite: str) -> Path:
    """A minimal Debian of that suite below `directory`, made once. Raises: CannotRun."""
    tree = directory / f"base-{suite}"
    if not (tree / ".done").exists():
        shutil.rmtree(tree, ignore_errors=True)
        command = ["debootstrap", "--variant=minbase", "--include=ca-certificates", suite, str(tree), _mirror()]
        _run(command, directory / f"base-{suite}.log")
        # Where the way to the registries is inspected, the machine has the certificate for it.
        if CERTIFICATES.exists():
            shutil.copy(CERTIFICATES, tree / CERTIFICATES.relative_to("/"))
        (tree / ".done").touch()
    return tree


def install(tree: Path, packages: Sequence[str], log: Path) -> None:
    """Install packages into a tree; none starts a service. Raises: CannotRun."""
    policy = tree / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    shutil.copy("/etc/resolv.conf", tree / "etc/resolv.conf")
    _run(["unshare", "--mount", "--fork", "sh", "-ec", INSTALL, "install", str(tree), *packages], log)


def _mirror() -> str:
    sources = Path("/etc/apt/sources.list.d/debian.sources")
    lines = sources.read_text().splitlines() if sources.exists() else []
    return next((line.split()[1] for line in lines if line.startswith("URIs:")), "http://deb.debian.org/debian")


def _run(command: Sequence[str], log: Path) -> None:
    """Run to the end, its output in a file. Raises: CannotRun with the end of that."""
    with log.open("w") as file:
        ended = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, check=False)
    if ended.returncode:
        raise CannotRun(f"`{command[0]}` failed with {ended.returncode}: {log.read_text()[-500:].strip()}")
