"""A part of the fault table at a tick a second, in one ward: what is broken is told of, and mends itself.

How long both take is measured by `make faults`, on a machine that has nothing else to do.
"""

from contextlib import closing

import pytest
import redis

from collector.probes.database import DatabaseProbe
from store.samples.live import LiveStore, redis_client
from tests.builders import make_sample
from tests.faults import redis as redis_faults
from tests.faults import web
from tests.faults.measure import measure
from tests.faults.ward import Ward
from tests.promises import at_least
from tests.services import RedisServer
from tests.toxics import Link

pytestmark = pytest.mark.live

REPRESENTATIVE = (
    redis_faults.KILLED,
    redis_faults.HALF_OPEN,
    redis_faults.WRONG_TYPES,
    web.TERMINATED,
)


@pytest.fixture(scope="module")
def ward():
    with Ward(interval_s=1.0) as ward:
        yield ward


@pytest.mark.parametrize("fault", REPRESENTATIVE, ids=lambda fault: fault.name)
def test_a_fault_is_told_of_and_mends_itself(ward, fault):
    row = measure(ward, fault)

    assert row.faults == [], row


def test_a_database_that_is_silent_on_an_open_connection_is_asked_on_a_new_one(postgres_server):
    with Link(("127.0.0.1", postgres_server.port)) as link:
        url = postgres_server.url.replace(f":{postgres_server.port}/", f":{link.port}/")
        with closing(DatabaseProbe(url)) as probe:
            before = probe.read()
            link.half_open()
            after = probe.read()

    assert (before.status, after.status) == ("online", "degraded")
    assert after.reason == "slow"


def test_a_sample_is_written_though_the_connection_has_died_unnoticed(link):
    with redis_client(f"redis://:{link.password}@127.0.0.1:{link.port}") as own:
        store = LiveStore(own)
        first = store.append(make_sample(slot=1))
        link.half_open()

        second = store.append(make_sample(slot=2))

        assert [entry.id for entry in store.newest(9)] == [first, second]


@pytest.fixture
def link():
    with RedisServer() as server, Link(("127.0.0.1", server.port)) as link:
        link.password = server.password
        yield link


def client(link):
    return redis.Redis(port=link.port, password=link.password, socket_timeout=0.5, retry=None)


def test_a_link_that_is_whole_passes_everything_on(link):
    with client(link) as own:
        own.set("key", "x" * 100_000)

        assert len(own.get("key")) == 100_000


def test_a_half_open_link_silences_what_is_open_and_lets_new_connections_through(link):
    with client(link) as own:
        own.ping()
        link.half_open()

        with pytest.raises(redis.TimeoutError):
            own.ping()
        assert own.ping()


@pytest.mark.parametrize(
    ("spoil", "error"),
    [("black_hole", redis.TimeoutError), ("reset", redis.ConnectionError), ("down", redis.ConnectionError)],
)
def test_a_spoiled_link_works_again_once_it_is_healed(link, spoil, error):
    with client(link) as own:
        own.ping()
        getattr(link, spoil)()
        for _ in range(2):
            with pytest.raises(error):
                own.ping()

        link.heal()

        assert own.ping()


def test_a_slow_link_is_slow_by_as_much_as_it_was_told(link):
    link.delay(0.1)
    with client(link) as own, at_least(0.2):
        own.ping()


def test_a_narrow_link_carries_no_more_than_it_was_told(link):
    link.limit(100_000)
    link.slice(1000)
    with client(link) as own, at_least(0.25):
        own.set("key", "x" * 30_000)
