"""The first step of `make run` and `make test`, on whatever Python the machine has. Standard library only.

This file parses on Python 3.6, so that an old Python ends in a sentence and not in a SyntaxError. Modules that need a
newer Python are imported after the check.
"""

import os
import signal
import sys

OLDEST_PYTHON = (3, 11)


def find_old_python(version: "tuple[int, ...]") -> str:
    """The sentence for a Python that is too old for the panel; empty when it is new enough."""
    if version >= OLDEST_PYTHON:
        return ""
    wanted, found = (".".join(str(part) for part in each[:2]) for each in (OLDEST_PYTHON, version))
    return f"ZapVoice Monitor needs Python {wanted} or newer, this is {found}. Name another: make PYTHON=python3.12 …"


def main(argv: "list[str]") -> int:
    """Set up for `argv`, `run` or `test`; `run` then becomes the stack. Returns the exit code."""
    too_old = find_old_python(sys.version_info[:2])
    if too_old:
        sys.stderr.write(too_old + "\n")
        return 2
    from standalone.setup import set_up  # noqa: PLC0415  Not before the check.
    from standalone.terminal import CannotStart  # noqa: PLC0415

    for signum in (signal.SIGTERM, signal.SIGHUP):
        # SystemExit runs the clean-up of what is half-made.
        signal.signal(signum, lambda number, _: sys.exit(128 + number))
    try:
        python = set_up(with_tests=argv == ["test"])
    except CannotStart as exc:
        sys.stderr.write(f"{exc}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped. Nothing half-made was left.\n")
        return 130
    if argv == ["run"]:
        os.execv(python, [str(python), "-m", "standalone"])  # noqa: S606
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
