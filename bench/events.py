"""What it costs to hear events, beside Flower on the same stream in the same run: `make bench-events`.

Both hear a stream that both can follow, on one RabbitMQ; CPU is counted per event that each has handled. Then 200,000
tasks pass, and what each keeps of them is its memory. Then ours alone hears 2,000 tasks a second for a minute, on
RabbitMQ and on Redis. The stream has the form of Celery's own events, which a test compares with real workers'.
"""

import argparse
import json
import re
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack
from typing import Any

from bench.meter import cpu_s, pss_mb
from bench.peers import Peer
from bench.table import Figure, keep
from standalone.packages import Venv
from tests.services import RabbitServer, RedisServer, Service
from tests.web import ROOT

FLOWER = Venv(ROOT / ".venv-flower")
SETTLE_S = 5
EVENTS_PER_TASK = 4


class Flower(Peer):
    """PyPI's Flower with its defaults."""

    program = str(FLOWER.bin / "celery")
    path = "/metrics"

    def __init__(self, broker_url: str) -> None:
        super().__init__()
        self._broker_url = broker_url

    def start(self) -> None:
        """Start it and return once it answers."""
        options = ["--address=127.0.0.1", f"--port={self.port}"]
        self._run([self.program, f"--broker={self._broker_url}", "flower", *options])

    def events(self) -> int:
        """How many events it has handled."""
        with urllib.request.urlopen(self.url, timeout=60) as answer:
            text = answer.read().decode()
        counts = re.findall(r"^flower_events_total\{[^}]*\} ([0-9.e+]+)$", text, flags=re.M)
        return int(sum(map(float, counts)))


class Listener(Service):
    """Our listener in a process of its own."""

    program = sys.executable

    def __init__(self, broker_url: str) -> None:
        super().__init__()
        self._broker_url = broker_url

    @property
    def url(self) -> str:
        """Its broker's."""
        return self._broker_url

    def start(self) -> None:
        """Start it and return once it listens."""
        command = [self.program, "-m", "bench.programs.event_listener", self._broker_url]
        self._run(command, {"PYTHONPATH": str(ROOT)})

    def is_ready(self) -> bool:
        """Whether it has said so."""
        return "None" in self.log.read_text()

    def pids(self) -> list[int]:
        """Its process."""
        return [process.pid for process in self._processes()]

    def end(self) -> dict[str, Any]:
        """End it, and return what it has heard."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(timeout=30)
        heard: dict[str, Any] = json.loads(self.log.read_text().splitlines()[-1])
        return heard


def main() -> int:
    """Print the table and keep it; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--tasks", type=int, default=200_000)
    arguments = parser.parse_args()
    FLOWER.provide(ROOT / "requirements/flower.txt")
    figures = [*_beside_flower(arguments.seconds, arguments.tasks)]
    figures += _alone(RabbitServer(), "RabbitMQ", arguments.seconds, is_lossless=True)
    figures += _alone(RedisServer(), "Redis", arguments.seconds, is_lossless=False)
    title = f"Events: {arguments.seconds} s beside Flower, {arguments.tasks:,} tasks, 2,000 tasks a second"
    keep("events", title, figures, seconds=arguments.seconds, tasks=arguments.tasks)
    return 0 if all(figure.is_met for figure in figures) else 1


def _beside_flower(seconds: int, tasks: int) -> list[Figure]:
    with ExitStack() as everything:
        broker = everything.enter_context(RabbitServer())
        _publish(broker.url, tasks_per_s=10, seconds=2)  # Now the exchange exists.
        flower = everything.enter_context(Flower(broker.url))
        listener = everything.enter_context(Listener(broker.url))
        flower_pids, listener_pids = flower.pids(), listener.pids()
        time.sleep(SETTLE_S)
        begun = _cpu_s(flower_pids), _cpu_s(listener_pids), flower.events()
        memory_mb = _pss_mb(flower_pids), _pss_mb(listener_pids)
        _publish(broker.url, tasks_per_s=250, seconds=seconds)
        time.sleep(SETTLE_S)
        ours_us = (_cpu_s(listener_pids) - begun[1]) / (250 * seconds * EVENTS_PER_TASK) * 1e6
        flowers_us = (_cpu_s(flower_pids) - begun[0]) / (flower.events() - begun[2]) * 1e6
        _publish(broker.url, tasks_per_s=1000, seconds=max(1, tasks // 1000))
        time.sleep(SETTLE_S)
        ours_mb, flowers_mb = _pss_mb(listener_pids), _pss_mb(flower_pids)
        listener.end()
    return [
        Figure(name="CPU of an event", unit="µs", ours=ours_us, bar=flowers_us / 5, peers={"Flower": flowers_us}),
        Figure(
            name="memory after many tasks",
            unit="MB PSS",
            ours=ours_mb,
            bar=flowers_mb / 3,
            peers={"Flower": flowers_mb},
            note=f"at first {memory_mb[1]:.0f} and {memory_mb[0]:.0f}",
        ),
    ]


def _alone(broker: Service, name: str, seconds: int, *, is_lossless: bool) -> list[Figure]:
    with broker:
        _publish(broker.url, tasks_per_s=10, seconds=2)
        with Listener(broker.url) as listener:
            begun_s = _cpu_s(listener.pids())
            _publish(broker.url, tasks_per_s=2000, seconds=seconds)
            time.sleep(SETTLE_S)
            used_s = _cpu_s(listener.pids()) - begun_s
            heard = listener.end()
    wanted = 2000 * seconds
    kinds = ("task-sent", "task-received", "task-started", "task-succeeded")
    missing = sum(wanted - heard["kinds"].get(kind, 0) for kind in kinds)
    return [
        Figure(
            name=f"events missing of 2,000 tasks/s on {name}",
            unit="of all",
            ours=missing,
            bar=0 if is_lossless else None,
            note=f"{heard['lost']} known to be lost",
        ),
        Figure(name=f"CPU at 2,000 tasks/s on {name}", unit="% of a core", ours=used_s / seconds * 100),
    ]


def _publish(broker_url: str, *, tasks_per_s: int, seconds: int) -> None:
    command = [sys.executable, "-m", "bench.programs.event_stream", broker_url]
    subprocess.run(
        [*command, "--tasks-per-s", str(tasks_per_s), "--seconds", str(seconds)],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
    )


def _cpu_s(pids: list[int]) -> float:
    return sum(map(cpu_s, pids))


def _pss_mb(pids: list[int]) -> float:
    return sum(map(pss_mb, pids))


if __name__ == "__main__":
    sys.exit(main())
