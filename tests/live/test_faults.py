"""Some rows of the fault table, with a sample every second in one testbed: the panel reports a fault and recovers.

`make faults` measures how long both take, on a machine that has nothing else to do.
"""

from contextlib import closing

import pytest

from bench.faults import redis as redis_faults
from bench.faults import web
from bench.faults.measure import measure
from bench.faults.testbed import Testbed
from collector.probes.database import DatabaseProbe
from tests.process import wait_until
from tests.toxics import Link

pytestmark = pytest.mark.live

REPRESENTATIVE = (
    redis_faults.KILLED,
    redis_faults.HALF_OPEN,
    redis_faults.WRONG_TYPES,
    web.TERMINATED,
)


@pytest.fixture(scope="module")
def testbed():
    with Testbed(interval_s=1.0) as testbed:
        yield testbed


@pytest.mark.parametrize("fault", REPRESENTATIVE, ids=lambda fault: fault.name)
def test_the_panel_reports_a_fault_and_recovers_by_itself(testbed, fault):
    row = measure(testbed, fault)

    assert row.faults == [], row


def test_a_database_that_is_silent_on_an_open_connection_is_asked_on_a_new_one(postgres_server):
    with Link(("127.0.0.1", postgres_server.port)) as link:
        url = postgres_server.url.replace(f":{postgres_server.port}/", f":{link.port}/")
        with closing(DatabaseProbe(url)) as probe:
            wait_until(lambda: probe.read().status == "online")
            link.half_open()
            after = probe.read()

    assert (after.status, after.reason) == ("degraded", "slow")
