"""Every benchmark, one after the other, and one table of them all: `make bench`."""

import argparse
import json
import os
import subprocess
import sys

from bench.table import RESULTS, Figure, show

PARTS = (
    "cost",
    "events",
    "latency",
    "fanout",
    "health",
    "growth",
    "spread",
    "page",
    "history",
    "login",
    "logs",
    "start",
    "bursts",
)

SOAKS = ("soak", "soak_hour")
"""Shown with the others where they were kept; `make soak` runs them."""

QUICK = {
    "cost": ("--seconds", "60"),
    "events": ("--seconds", "10", "--tasks", "20000"),
    "fanout": ("--viewers", "1000", "--seconds", "10"),
    "health": ("--viewers", "200", "--seconds", "5"),
    "growth": ("--viewers", "1000", "--days", "2", "--seconds", "5"),
    "spread": ("--viewers", "100", "--seconds", "5"),
    "start": ("--starts", "1"),
    "bursts": ("--bursts", "10", "--interval", "1"),
    "latency": ("--samples", "10"),
    "page": ("--loads", "3", "--cpu-seconds", "5", "--samples", "1200"),
    "history": ("--count", "20", "--days", "2"),
    "login": ("--seconds", "15"),
    "logs": ("--seconds", "10"),
}
"""Whether everything still runs, in some ten minutes; the figures are those of a smaller load."""

QUICK_RESULTS = RESULTS.parents[1] / "var" / "bench"
"""Where a quick run keeps its figures: those in git are of whole runs."""


def main() -> int:
    """Run the parts and print what all of them have kept; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", action="store_true", help="run nothing, print what was kept")
    parser.add_argument("--quick", action="store_true", help="shorter, with fewer viewers")
    arguments = parser.parse_args()
    results = QUICK_RESULTS if arguments.quick else RESULTS
    if not arguments.show:
        for part in PARTS:
            options = QUICK[part] if arguments.quick else ()
            environ = {**os.environ, "BENCH_RESULTS": str(results)}
            subprocess.run([sys.executable, "-m", f"bench.{part}", *options], check=False, env=environ)
    is_met = True
    for part in (*PARTS, *SOAKS):
        path = results / f"{part}.json"
        if path.exists():
            document = json.loads(path.read_text())
            for row in document["figures"]:
                del row["is_met"]  # It is reckoned anew.
            figures = [Figure(**row) for row in document["figures"]]
            is_met = is_met and all(figure.is_met for figure in figures)
            print(show(f"\n{document['title']} ({document['taken_on']})", figures))
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
