"""Faults of PostgreSQL: of the watched one, and of the panel's own."""

import psycopg

from bench.faults.measure import Fault, Row
from bench.faults.testbed import Testbed
from bench.faults.watch import Sign, service
from tests.logins import EMAIL, HttpBrowser

OFFLINE: Sign = service("database", "offline")


def make_testbed(interval_s: float = 3.0) -> Testbed:
    """A testbed whose accounts are in a PostgreSQL of their own."""
    return Testbed(interval_s=interval_s, has_own_postgres=True)


class LockedTable:
    """A table that one transaction holds against everybody else."""

    def __init__(self) -> None:
        self._holder: psycopg.Connection[tuple[object, ...]] | None = None

    def lock(self, testbed: Testbed) -> None:
        """ACCESS EXCLUSIVE, held until `unlock`."""
        self._holder = testbed.postgres.connect()
        self._holder.execute("CREATE TABLE IF NOT EXISTS dispatches (id int)")
        self._holder.autocommit = False
        self._holder.execute("LOCK TABLE dispatches IN ACCESS EXCLUSIVE MODE")

    def unlock(self, _testbed: Testbed) -> None:
        """End the transaction."""
        assert self._holder is not None
        self._holder.close()


def try_to_log_in(testbed: Testbed, row: Row) -> None:
    """While the accounts are out of reach the panel lets nobody in, and calls nobody's password wrong."""
    statuses = {testbed.get(path).status for path in ("/api/me", "/stream")} | {
        HttpBrowser(testbed.port).log_in(EMAIL).status
    }
    if statuses != {503}:
        row.faults.append(f"the login answers {sorted(statuses)}")


_table = LockedTable()

PAUSED = Fault(
    name="PostgreSQL: SIGSTOP",
    strike=lambda testbed: testbed.postgres.pause(),
    heal=lambda testbed: testbed.postgres.resume(),
    shows=OFFLINE,
)

HALF_OPEN = Fault(
    name="PostgreSQL: open connections fall silent for ever, new ones work",
    strike=lambda testbed: testbed.database_link.half_open(),
    shows=None,
)

FAULTS = (
    Fault(
        name="PostgreSQL: `kill -9`, back after it was seen",
        strike=lambda testbed: testbed.postgres.kill9(),
        heal=lambda testbed: testbed.postgres.start(),
        shows=OFFLINE,
    ),
    PAUSED,
    Fault(
        name="PostgreSQL: packets dropped in both directions",
        strike=lambda testbed: testbed.database_link.black_hole(),
        heal=lambda testbed: testbed.database_link.heal(),
        shows=OFFLINE,
    ),
    HALF_OPEN,
    Fault(
        name="PostgreSQL: 5 s latency",
        strike=lambda testbed: testbed.database_link.delay(2.5),  # Each way.
        heal=lambda testbed: testbed.database_link.heal(),
        shows=OFFLINE,
    ),
    Fault(
        name="PostgreSQL: a table locked",
        strike=_table.lock,
        heal=_table.unlock,
        shows=None,
        lasts_s=12,
        must_stay_well=True,
        note="PostgreSQL still answers, and the panel asks nothing more",
    ),
    Fault(
        name="The panel's own PostgreSQL: `kill -9`, while viewers watch",
        strike=lambda testbed: testbed.own_postgres and testbed.own_postgres.kill9(),
        heal=lambda testbed: testbed.own_postgres and testbed.own_postgres.start(),
        shows=None,
        lasts_s=10,
        during=try_to_log_in,
        note="viewers it cannot check see nothing: streams end after two failed checks, and return by themselves",
    ),
)
