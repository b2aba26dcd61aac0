"""`make test-rabbitmq`: the tests that run RabbitMQ, against the newest one that Debian has: 4.0, in a tree of its own.

It needs root on Debian. RABBITMQ_DIR names a directory that keeps the tree for the next time. Arguments go to pytest in
the place of these tests. The exit code is pytest's; 3 where no such RabbitMQ can be brought.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.engine.debian_tree import base_tree, install
from tests.engine.engine import CannotRun

SUITE = "trixie"
LIVE = Path(__file__).resolve().parent / "live"
RUNS_RABBITMQ = re.compile(r"\bRabbitServer\b|\brabbitmq_server\b")
PROGRAMS = ("rabbitmq-server", "rabbitmqctl")

PROGRAM = """\
#!/bin/sh
# Runs the tree's program of this name; it sees the tests' directories, in a mount namespace of its own.
set -e
if [ -z "$IN_NAMESPACE" ]; then
  export IN_NAMESPACE=yes
  exec unshare --mount "$0" "$@"
fi
mount --rbind /dev "{tree}/dev"
mount -t proc proc "{tree}/proc"
mount --bind "{scratch}" "{tree}{scratch}"
exec chroot "{tree}" "{program}" "$@"
"""

CANNOT_RUN = 3


def main(arguments: Sequence[str]) -> int:
    """Bring it, and run the tests. Returns the exit code."""
    try:
        with _directory() as directory:
            program = _server(directory)
            print(f"{program}: {next(_sbin(base_tree(directory, SUITE))).parent.name}", flush=True)
            command = [sys.executable, "-m", "pytest", "-q", *(arguments or _files())]
            return subprocess.run(command, env={**os.environ, "RABBITMQ_PROGRAM": str(program)}, check=False).returncode
    except CannotRun as exc:
        print(f"No newer RabbitMQ can be brought: {exc}.", file=sys.stderr)
        return CANNOT_RUN


def _files() -> list[str]:
    """The test files that run a RabbitMQ."""
    return [str(path) for path in sorted(LIVE.glob("test_*.py")) if RUNS_RABBITMQ.search(path.read_text())]


@contextmanager
def _directory() -> Iterator[Path]:
    """Where the tree lies: kept where RABBITMQ_DIR names it, else gone at the end."""
    if kept := os.environ.get("RABBITMQ_DIR"):
        Path(kept).mkdir(parents=True, exist_ok=True)
        yield Path(kept).resolve()
        return
    # Not in the directory for temporary files, which the tree sees from inside.
    with tempfile.TemporaryDirectory(prefix="monitor-rabbitmq-", dir="/var/tmp", ignore_cleanup_errors=True) as made:
        yield Path(made)


def _server(directory: Path) -> Path:
    """The program `rabbitmq-server`, with `rabbitmqctl` beside it, made once. Raises: CannotRun."""
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        raise CannotRun("that takes root, and Debian's debootstrap")
    tree = base_tree(directory, SUITE)
    if not list(_sbin(tree)):
        install(tree, ["rabbitmq-server"], directory / "rabbitmq.log")
    (sbin,) = _sbin(tree)
    scratch = tempfile.gettempdir()
    (tree / scratch.lstrip("/")).mkdir(parents=True, exist_ok=True)
    for name in PROGRAMS:
        program = PROGRAM.format(tree=tree, scratch=scratch, program=f"/{(sbin / name).relative_to(tree)}")
        (directory / name).write_text(program)
        (directory / name).chmod(0o755)
    return directory / PROGRAMS[0]


def _sbin(tree: Path) -> Iterator[Path]:
    return tree.glob("usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
