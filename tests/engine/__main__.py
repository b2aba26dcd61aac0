"""`make test-containers`: the containers on a real Docker engine, as an operator runs them; prints a table.

With DOCKER_HOST it uses that engine, without it brings one of its own, for which it has to be root on Debian.
ENGINE_DIR names a directory that keeps the own engine and its images for the next time. Arguments choose among the
parts; the first start always runs. It ends with 0 when all held, 1 when something did not, 3 where it cannot run.
"""

import argparse
import fcntl
import os
import platform
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tests.engine import costs, figures, first_start, hardening, images, outages, own_engine, profiles, upgrade
from tests.engine.engine import CannotRun, Engine, GivenEngine
from tests.engine.panel import Panel
from tests.engine.table import Table

PARTS = {
    "hardening": hardening,
    "figures": figures,
    "costs": costs,
    "outages": outages,
    "upgrade": upgrade,
    "profiles": profiles,
}
"""Behind the first start, in this order: each finds all well, and leaves it so."""

CANNOT_RUN = 3


def main(arguments: Sequence[str]) -> int:
    """Run and print. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.engine")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="default: all")
    chosen = parser.parse_args(arguments).parts or list(PARTS)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        with _directory() as directory, _engine(directory) as engine:
            stand_ins = images.provide(engine)
            table = _run(engine, chosen)
            versions = engine.docker("version", "--format", "engine {{.Server.Version}}").stdout.strip()
            compose = engine.docker("compose", "version", "--short").stdout.strip()
    except CannotRun as exc:
        print(f"The containers cannot be tested here: {exc}.", file=sys.stderr)
        return CANNOT_RUN
    stands = f"stand-ins for {', '.join(stand_ins)}" if stand_ins else "the pinned images"
    machine = f"{os.cpu_count()} cores, Linux {platform.release().partition('-')[0]}"
    print(
        f"\n{table.summary()} Docker {versions}, Compose {compose}, {stands}; {machine}, {datetime.now(UTC):%Y-%m-%d}."
    )
    return int(table.has_failed())


@contextmanager
def _directory() -> Iterator[Path]:
    """Where all of it lies: kept where ENGINE_DIR names it, else gone at the end. Raises: CannotRun."""
    if kept := os.environ.get("ENGINE_DIR"):
        Path(kept).mkdir(parents=True, exist_ok=True)
        with (Path(kept) / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as exc:
                raise CannotRun(f"another run uses {kept}") from exc
            yield Path(kept).resolve()
        return
    directory = Path(tempfile.mkdtemp(prefix="monitor-engine-"))
    directory.chmod(0o755)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def _engine(directory: Path) -> Iterator[Engine]:
    """The given engine, or one of our own, which is ended. Raises: CannotRun."""
    if not os.environ.get("DOCKER_HOST") and (reason := own_engine.obstacle()):
        raise CannotRun(reason)
    engine = GivenEngine(directory) if os.environ.get("DOCKER_HOST") else own_engine.OwnEngine(directory)
    try:
        engine.bring()
        yield engine
    finally:
        engine.stop()


def _run(engine: Engine, chosen: Sequence[str]) -> Table:
    panel = Panel(engine, f"monitor-test-{os.getpid()}")
    table = Table()
    try:
        table.run(lambda: first_start.run(panel, table), "the first start")
        for name in chosen:
            if not panel.token:
                break  # Nothing stands that could be looked at.
            table.run(lambda name=name: PARTS[name].run(panel, table), name)  # type: ignore[misc]
    finally:
        panel.end()
    return table


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
