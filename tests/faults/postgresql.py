"""PostgreSQL as the patient: the watched one, and the panel's own."""

import psycopg

from tests.faults.measure import Fault, Row
from tests.faults.ward import Ward
from tests.faults.watch import Sign, service
from tests.logins import EMAIL, HttpBrowser

OFFLINE: Sign = service("database", "offline")


def make_ward(interval_s: float = 3.0) -> Ward:
    """A ward whose accounts are in a PostgreSQL of their own."""
    return Ward(interval_s=interval_s, has_own_postgres=True)


class LockedTable:
    """A table that one transaction holds against everybody else."""

    def __init__(self) -> None:
        self._holder: psycopg.Connection[tuple[object, ...]] | None = None

    def lock(self, ward: Ward) -> None:
        """ACCESS EXCLUSIVE, held until `unlock`."""
        self._holder = ward.postgres.connect()
        self._holder.execute("CREATE TABLE IF NOT EXISTS dispatches (id int)")
        self._holder.autocommit = False
        self._holder.execute("LOCK TABLE dispatches IN ACCESS EXCLUSIVE MODE")

    def unlock(self, _ward: Ward) -> None:
        """End the transaction."""
        assert self._holder is not None
        self._holder.close()


def try_the_door(ward: Ward, row: Row) -> None:
    """With the accounts out of reach nobody is let in, and nobody is told that his password is wrong."""
    statuses = {ward.get(path).status for path in ("/api/me", "/stream")} | {
        HttpBrowser(ward.port).log_in(EMAIL).status
    }
    if statuses != {503}:
        row.faults.append(f"the door answers {sorted(statuses)}")


_table = LockedTable()

PAUSED = Fault(
    name="PostgreSQL: SIGSTOP",
    strike=lambda ward: ward.postgres.pause(),
    heal=lambda ward: ward.postgres.resume(),
    shows=OFFLINE,
)

HALF_OPEN = Fault(
    name="PostgreSQL: open connections fall silent for good, new ones work",
    strike=lambda ward: ward.database_link.half_open(),
    shows=None,
)

FAULTS = (
    Fault(
        name="PostgreSQL: `kill -9`, back once it was seen",
        strike=lambda ward: ward.postgres.kill9(),
        heal=lambda ward: ward.postgres.start(),
        shows=OFFLINE,
    ),
    PAUSED,
    Fault(
        name="PostgreSQL: black-holed, both directions",
        strike=lambda ward: ward.database_link.black_hole(),
        heal=lambda ward: ward.database_link.heal(),
        shows=OFFLINE,
    ),
    HALF_OPEN,
    Fault(
        name="PostgreSQL: 5 s latency",
        strike=lambda ward: ward.database_link.delay(2.5),  # Each way.
        heal=lambda ward: ward.database_link.heal(),
        shows=OFFLINE,
    ),
    Fault(
        name="PostgreSQL: a table locked",
        strike=_table.lock,
        heal=_table.unlock,
        shows=None,
        lasts_s=12,
        must_stay_well=True,
        note="it answers, and that is what is asked",
    ),
    Fault(
        name="The panel's own PostgreSQL: `kill -9`, while viewers watch",
        strike=lambda ward: ward.own_postgres and ward.own_postgres.kill9(),
        heal=lambda ward: ward.own_postgres and ward.own_postgres.start(),
        shows=None,
        lasts_s=10,
        during=try_the_door,
        note="who cannot be checked is shown nothing: streams end after two checks, and come back by themselves",
    ),
)
