"""How even the samples are, as a script sees them on the stream: `make bench-ticks`."""

import argparse
import itertools
import sys
import time

from bench.figures import percentile
from tests.stack import Stack


def main() -> int:
    """Print the spacing of consecutive samples: by the collector's clock, and by their arrival."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=40)
    count = parser.parse_args().events
    taken_at_s, arrived_at_s, ids = [], [], []
    with Stack() as stack, stack.stream() as stream:
        for _ in range(count):
            event = stream.next("system_stats")
            arrived_at_s.append(time.monotonic())
            taken_at_s.append(event.json["at"])
            ids.append(event.id)
    are_increasing = all(sooner < later for sooner, later in itertools.pairwise(ids))
    print(f"{count} consecutive samples, ids {'increasing' if are_increasing else 'NOT increasing'}")
    for name, instants in (("taken", taken_at_s), ("arrived", arrived_at_s)):
        gaps = [later - sooner for sooner, later in itertools.pairwise(instants)]
        print(f"{name:8} every {percentile(gaps, 0.5):.3f} s, from {min(gaps):.3f} to {max(gaps):.3f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
