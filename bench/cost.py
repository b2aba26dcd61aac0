"""What the panel costs while it watches, beside what people would run instead: `make bench-cost`.

Beat, collector, web and the embedded Redis as `make run` starts them, 3 s ticks, every probe on, one viewer. The peers
run at the same time on the same machine, which they hardly load. What is watched and the process manager do not count.
"""

import argparse
import sys
import time
from contextlib import ExitStack

from bench.meter import Cost, Meter
from bench.peers import GLANCES, Glances, Naive, Netdata, Peer, Prometheus
from bench.table import Figure, keep
from bench.watched import one_viewer, watching_stack
from tests.web import ROOT

OURS = {"beat + collector": "collector", "web": "web", "redis": "redis"}
"""What is told of, and the program of `make run` that it is."""
SETTLE_S = 20
"""The first ticks connect and load what is needed; nobody runs a panel for a minute."""


def main() -> int:
    """Print the table and keep it; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--alone", action="store_true", help="without peers; nothing is kept")
    arguments = parser.parse_args()
    costs, samples = _measure(arguments.seconds, with_peers=not arguments.alone)
    ours, others = {name: costs.pop(name) for name in OURS}, costs
    figures = [
        Figure(
            name="CPU of beat, collector, web and Redis",
            unit="% of a core",
            ours=sum(cost.cpu_percent for cost in ours.values()),
            bar=0.4,
            peers={name: cost.cpu_percent for name, cost in others.items()},
        ),
        Figure(
            name="memory without Redis",
            unit="MB PSS",
            ours=sum(cost.pss_mb for name, cost in ours.items() if name != "redis"),
            bar=130,
            peers={name: cost.pss_mb for name, cost in others.items()},
        ),
        *(Figure(name=f"CPU of {name}", unit="% of a core", ours=cost.cpu_percent) for name, cost in ours.items()),
        *(Figure(name=f"memory of {name}", unit="MB PSS", ours=cost.pss_mb) for name, cost in ours.items()),
    ]
    title = f"Cost over {arguments.seconds} s, {samples} samples"
    if arguments.alone:
        from bench.table import show  # noqa: PLC0415

        print(show(title, figures))
    else:
        keep("cost", title, figures, seconds=arguments.seconds, samples=samples)
    return 0 if all(figure.is_met for figure in figures) else 1


def _measure(seconds: int, *, with_peers: bool) -> tuple[dict[str, Cost], int]:
    """Each group's cost, and how many samples the viewer has had meanwhile."""
    with ExitStack() as everything:
        peers: dict[str, Peer] = {}
        if with_peers:
            GLANCES.provide(ROOT / "requirements/glances.txt")
            peers = {
                "Netdata": Netdata(),
                "Glances": Glances(),
                "Prometheus + node_exporter": Prometheus(),
                "naive Celery + flask-sse": Naive(),
            }
            for peer in peers.values():
                everything.enter_context(peer)
        stack = everything.enter_context(watching_stack())
        ids = everything.enter_context(one_viewer(stack))
        time.sleep(SETTLE_S)
        groups = {name: [process.pid for process in stack.processes(program)] for name, program in OURS.items()}
        meter = Meter(groups | {name: peer.pids() for name, peer in peers.items()})
        seen = len(ids)
        time.sleep(seconds)
        return meter.read(), len(ids) - seen


if __name__ == "__main__":
    sys.exit(main())
