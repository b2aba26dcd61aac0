"""From a second `make run` to the first fresh sample: `make bench-start`."""

import argparse
import sys
import time

from bench.table import Figure, keep
from tests.stack import Stack


class MadeByMake(Stack):
    """As `make run` starts it, with the look at what is installed."""

    entry = ("standalone.bootstrap", "run")


def main() -> int:
    """Print the table and keep it; 1 when the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=3)
    arguments = parser.parse_args()
    took_s = []
    with MadeByMake() as stack:
        for _ in range(arguments.starts):
            stack.kill9()
            begun = time.monotonic()
            stack.start()
            took_s.append(time.monotonic() - begun)
    middle = sorted(took_s)[len(took_s) // 2]
    figure = Figure(name="second start to a fresh sample on /healthz", unit="s", ours=middle, bar=5)
    keep("start", f"{arguments.starts} starts", [figure], took_s=took_s)
    return 0 if figure.is_met else 1


if __name__ == "__main__":
    sys.exit(main())
