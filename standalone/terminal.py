"""What a person sees during set-up: one line per step, one sentence when it cannot go on."""

import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from standalone.environment import without_secrets


class CannotStart(Exception):
    """The stack cannot be set up or started; the message is the sentence for the terminal."""


class CommandFailed(Exception):
    """A command ended with an exit code other than 0; `tail` holds the last lines that it wrote."""

    def __init__(self, tail: str) -> None:
        self.tail = tail
        super().__init__(tail)


def say(line: str) -> None:
    """Print a step at once, even into a pipe."""
    print(line, flush=True)


def run_shown(
    argv: Sequence[str | Path],
    shown: Callable[[str], str | None],
    *,
    cwd: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> None:
    """Run `argv` and show `shown(line)` for each line it writes: in place on a terminal, otherwise one below the other.

    The command gets the environment, or `environ`, without our secrets.

    Raises: CommandFailed.
    """
    in_place = sys.stdout.isatty()
    tail: deque[str] = deque(maxlen=40)
    with subprocess.Popen(  # noqa: S603  Our own commands.
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=cwd,
        env=without_secrets(os.environ if environ is None else environ),
    ) as process:
        assert process.stdout is not None  # noqa: S101  For the type checker: it was asked for above.
        try:
            for line in process.stdout:
                tail.append(line.rstrip())
                text = shown(line.strip())
                if text:
                    print(f"\r\x1b[K  {text[:76]}" if in_place else f"  {text}\n", end="", flush=True)
        except BaseException:
            process.terminate()
            raise
        finally:
            if in_place:
                print("\r\x1b[K", end="", flush=True)
    if process.returncode:
        raise CommandFailed("\n".join(tail))
