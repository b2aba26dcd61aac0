"""What breaks and comes back: each program killed, Redis and the engine restarted, a freeze, a cut network.

Samples, logs and the operator's token must outlive all of it.
"""

import os
import signal
import time

from tests.engine.panel import PROGRAMS, SERVERS, Panel
from tests.engine.table import Table
from tests.engine.witness import HealthLog, keeping_samples

SEEN_DEADLINE_S = 15.0
"""After three intervals of 3 s the page and `/healthz` say it; the rest is this program's own slowness."""

ENGINE_DEADLINE_S = 120.0


def run(panel: Panel, table: Table) -> None:
    """A row for each."""
    for name in (*SERVERS, *PROGRAMS, "demo"):
        _kill(panel, table, name)
    _restart_redis(panel, table)
    _freeze(panel, table)
    _cut(panel, table)
    if panel.engine.is_own:
        _restart_engine(panel, table)
    else:
        table.add("a restart of the engine", "all is kept", "the given engine is not restarted", None)


def _kill(panel: Panel, table: Table, name: str) -> None:
    """As the kernel does it when memory ends: the program dies, its init ends, the policy starts the container anew."""
    before = panel.count_samples()
    _, program, *_ = panel.kernel(name).pids()
    started = panel.inspect(name, "{{.State.StartedAt}}")
    os.kill(program, signal.SIGKILL)
    panel.engine.wait_until(
        lambda: name in panel.containers() and panel.inspect(name, "{{.State.StartedAt}}") != started,
        60,
        f"{name} is back",
    )
    took_s = panel.wait_until_sampled(before) + panel.wait_until_well()
    after = panel.count_samples()
    table.add(
        f"`kill -9` of {name}",
        "the container comes back, all is well, samples are kept",
        f"sampled and well {took_s:.0f} s after it was back; {before} samples, then {after}",
        after > before > 0,
    )


def _restart_redis(panel: Panel, table: Table) -> None:
    panel.get("/api/logs")
    before, groups = panel.count_samples(), panel.redis("ZCARD", "monitor:logs:recent")
    with HealthLog(panel, 0.05) as watch:
        ended = panel.compose("restart", "redis")
        panel.wait_until_well()
    after = panel.count_samples()
    table.add(
        "`docker compose restart redis`",
        "samples and logs are kept",
        f"{before} samples, then {after}; log groups {groups}, then {panel.redis('ZCARD', 'monitor:logs:recent')}",
        ended.returncode == 0
        and after >= before > 0
        and int(panel.redis("ZCARD", "monitor:logs:recent")) >= int(groups),
    )
    empty = [answer for answer in watch.answers if answer.get("services") == {}]
    table.add(
        "`/healthz` meanwhile",
        "never without its services",
        f"{len(watch.answers)} answers, {len(empty)} without",
        bool(watch.answers) and not empty,
    )


def _freeze(panel: Panel, table: Table) -> None:
    panel.compose("pause", "collector")
    began_mono_s = time.monotonic()
    try:
        panel.engine.wait_until(lambda: panel.health().get("sample") == "stale", SEEN_DEADLINE_S, "`/healthz` is stale")
        seen_s = time.monotonic() - began_mono_s
    finally:
        panel.compose("unpause", "collector")
    table.add(
        "`docker compose pause collector`",
        f"`/healthz` says stale within {SEEN_DEADLINE_S:g} s, then is well",
        f"after {seen_s:.1f} s; well {panel.wait_until_well():.1f} s after it went on",
        held=True,
    )


def _cut(panel: Panel, table: Table) -> None:
    container, network = panel.containers()["rabbitmq"], f"{panel.project}_data"
    panel.engine.docker("network", "disconnect", network, container)
    try:
        took_s = panel.engine.wait_until(
            lambda: panel.health().get("services", {}).get("rabbitmq") == "offline",
            SEEN_DEADLINE_S,
            "the broker is offline",
        )
    finally:
        panel.engine.docker("network", "connect", "--alias", "rabbitmq", network, container)
    table.add(
        "RabbitMQ cut off the network",
        f"its state is offline within {SEEN_DEADLINE_S:g} s, then well",
        f"after {took_s:.1f} s; well {panel.wait_until_well():.1f} s after it was back",
        held=True,
    )


def _restart_engine(panel: Panel, table: Table) -> None:
    what, bar = "the engine stopped and started", "every container is back, samples and the token are kept"
    with keeping_samples(panel, table, what, bar) as deed:
        panel.engine.stop_daemon()
        panel.engine.start()
        deed.notes.append(f"well after {panel.wait_until_well():.0f} s")
