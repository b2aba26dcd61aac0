"""One table for all benchmarks: a figure, ours, each peer's, and the ratio; the same as JSON beside it."""

import json
import os
import platform
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

RESULTS = Path(os.environ.get("BENCH_RESULTS", Path(__file__).with_name("results")))
"""Where the last figures are kept. Those of a quick run lie elsewhere: they are of a smaller load."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line of the table. Less is better for every figure."""

    name: str
    unit: str
    ours: float
    bar: float | None = None
    """What it may be at most."""
    peers: Mapping[str, float] = field(default_factory=dict)
    note: str = ""

    @property
    def is_met(self) -> bool:
        """Whether the bar holds; so does a figure without one."""
        return self.bar is None or self.ours <= self.bar


def show(title: str, figures: list[Figure]) -> str:
    """The figures as lines of text, each peer with how many times ours it is."""
    lines = [title, f"{'':44} {'ours':>9} {'bar':>8}   peers (times ours)"]
    for figure in figures:
        bar = "" if figure.bar is None else f"{figure.bar:g}" + ("" if figure.is_met else " !")
        peers = ", ".join(
            f"{name} {value:.4g} ({value / figure.ours:.2f})" if figure.ours else f"{name} {value:.4g}"
            for name, value in figure.peers.items()
        )
        told = "; ".join(filter(None, (peers, figure.note)))
        lines.append(f"{f'{figure.name}, {figure.unit}':44} {figure.ours:9.4g} {bar:>8}   {told}".rstrip())
    return "\n".join(lines)


def keep(name: str, title: str, figures: list[Figure], **about: object) -> None:
    """Print the table and keep it as `RESULTS/<name>.json`; those of a whole run lie in git."""
    print(show(title, figures), flush=True)
    RESULTS.mkdir(parents=True, exist_ok=True)
    machine = {"cores": len(os.sched_getaffinity(0)), "kernel": platform.release(), "python": platform.python_version()}
    document = {
        "title": title,
        "taken_on": time.strftime("%Y-%m-%d", time.gmtime()),
        "machine": machine,
        "about": about,
        "figures": [{**asdict(figure), "is_met": figure.is_met} for figure in figures],
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
