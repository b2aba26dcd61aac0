"""Profiles, down and up again, another clone, and a database of one's own to watch."""

import shutil

from tests.engine.panel import PROGRAMS, SERVERS, Panel
from tests.engine.table import Table
from tests.engine.witness import keeping_samples

PANEL = {*SERVERS, *PROGRAMS}
IN_PRODUCT = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'product'"
TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"


def run(panel: Panel, table: Table) -> None:
    """A row for each."""
    _profiles(panel, table)
    _own_database(panel, table)
    _down_and_up(panel, table)
    _another_clone(panel, table)


def _profiles(panel: Panel, table: Table) -> None:
    panel.make("up", "PROFILE=host-detail")
    running = set(panel.containers())
    table.add(
        "`make up PROFILE=host-detail` after the demo",
        "one collector, no demo",
        ", ".join(sorted(running)),
        running == PANEL - {"collector"} | {"collector-host-detail"},
    )
    panel.make("up")
    left = set(panel.containers(all_of_them=True))
    table.add("`make up` after it", "the panel and nothing else", ", ".join(sorted(left)), left == PANEL)
    slots = [sample["slot"] for sample, _ in zip(panel.samples(), range(4), strict=False)]
    table.add("samples after it", "one for each slot", slots, slots == list(range(slots[0], slots[0] + len(slots))))


def _own_database(panel: Panel, table: Table) -> None:
    """The product's: here another database of the server, under a user of its own who may only connect."""
    script = "CREATE ROLE reader LOGIN PASSWORD 'a-real-one'; CREATE DATABASE product OWNER reader"
    for statement in script.split("; "):
        _ask(panel, statement)
    secret = panel.clone / "deploy/secrets/watched_database_url"
    for password, wanted in (("a-real-one", "online"), ("a-wrong-one", "unknown")):
        secret.write_text(f"postgresql://reader:{password}@postgres:5432/product\n")
        panel.compose("restart", "collector")
        panel.wait_until_sampled(panel.count_samples())
        panel.engine.wait_until(lambda wanted=wanted: _database(panel) == wanted, 60, f"the database is {wanted}")
        (status, _), asked = panel.get("/api/me"), _ask(panel, IN_PRODUCT)
        table.add(
            f"a watched database of one's own, under {password.replace('-', ' ')}",
            f"{wanted}; the panel's own goes on",
            f"{wanted}, connections to it: {asked}; the token: {status}",
            status == 200 and (asked != "0") == (wanted == "online"),
        )
    tables = _ask(panel, TABLES, database="product")
    table.add("the watched database", "nothing of the panel's in it", f"{tables} tables", tables == "0")
    secret.write_text("")
    panel.compose("restart", "collector")
    panel.wait_until_watching()


def _ask(panel: Panel, statement: str, database: str = "monitor") -> str:
    """What PostgreSQL answers its owner."""
    command = ["psql", "-At", "-U", "monitor", "-d", database, "-c", statement]
    return panel.compose("exec", "-T", "postgres", *command).stdout.strip()


def _database(panel: Panel) -> str:
    return str(panel.health().get("services", {}).get("database"))


def _down_and_up(panel: Panel, table: Table) -> None:
    panel.make("up", "PROFILE=demo")
    with keeping_samples(panel, table, "`make up` after it", "samples and the token are kept") as deed:
        ended = panel.make("down")
        left = panel.containers(all_of_them=True)
        networks = panel.engine.docker(
            "network", "ls", "--quiet", "--filter", f"label=com.docker.compose.project={panel.project}"
        )
        table.add(
            "`make down` after the demo",
            "no container, no network",
            f"{len(left)} containers, {len(networks.stdout.split())} networks",
            ended.returncode == 0 and not left and not networks.stdout.split(),
        )
        deed.holds = panel.make("up", "PROFILE=demo").returncode == 0
        panel.wait_until_well()


def _another_clone(panel: Panel, table: Table) -> None:
    """The data belong to the project's name, not to the directory; what opens them are the secrets."""
    other = panel.clone.parent / "somewhere-else"
    panel.clone_to(other)
    shutil.copy(panel.clone / ".env", other)
    refused = panel.make("up", clone=other)
    table.add(
        "another clone without the secrets",
        "a sentence says to copy them",
        refused.stderr.strip().splitlines()[0],
        refused.returncode != 0 and "copy its deploy/secrets" in refused.stderr,
    )
    shutil.copytree(panel.clone / "deploy/secrets", other / "deploy/secrets")
    with keeping_samples(panel, table, "another clone with them", "it takes over, with the data") as deed:
        deed.holds = panel.make("up", "PROFILE=demo", clone=other).returncode == 0
        panel.wait_until_well()
