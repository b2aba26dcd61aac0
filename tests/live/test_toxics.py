"""Each way to spoil a link does what it says, and healing undoes it."""

import pytest
import redis

from store.samples.live import LiveStore, redis_client
from tests.builders import make_sample
from tests.process import PATIENCE_S
from tests.promises import at_least
from tests.services import RedisServer, wait_until
from tests.toxics import Link

pytestmark = pytest.mark.live


@pytest.fixture
def link():
    with RedisServer() as server, Link(("127.0.0.1", server.port)) as link:
        link.password = server.password
        yield link


def client(link, timeout_s=PATIENCE_S):
    return redis.Redis(port=link.port, password=link.password, socket_timeout=timeout_s, retry=None)


def brief(link):
    """A client that gives up early, for where silence is what is expected."""
    return client(link, timeout_s=0.5)


def await_answer(own):
    def has_answered():
        try:
            return own.ping()
        except redis.RedisError:
            return False

    wait_until(has_answered, what="a ping is answered")


def test_a_link_that_is_whole_passes_everything_on(link):
    with client(link) as own:
        own.set("key", "x" * 100_000)

        assert len(own.get("key")) == 100_000


def test_a_half_open_link_silences_what_is_open_and_lets_new_connections_through(link):
    with brief(link) as own:
        await_answer(own)
        link.half_open()

        with pytest.raises(redis.TimeoutError):
            own.ping()
        await_answer(own)


@pytest.mark.parametrize(
    ("spoil", "error"),
    [("black_hole", redis.TimeoutError), ("reset", redis.ConnectionError), ("down", redis.ConnectionError)],
)
def test_a_spoiled_link_works_again_once_it_is_healed(link, spoil, error):
    with brief(link) as own:
        await_answer(own)
        getattr(link, spoil)()
        for _ in range(2):
            with pytest.raises(error):
                own.ping()

        link.heal()

        await_answer(own)


def test_a_slow_link_is_slow_by_as_much_as_it_was_told(link):
    link.delay(0.1)
    with client(link) as own, at_least(0.2):
        own.ping()


def test_a_narrow_link_carries_no_more_than_it_was_told(link):
    link.limit(100_000)
    link.slice(1000)
    with client(link) as own, at_least(0.25):
        own.set("key", "x" * 30_000)


def test_a_sample_is_written_though_the_connection_has_died_unnoticed(link):
    with redis_client(f"redis://:{link.password}@127.0.0.1:{link.port}") as own:
        store = LiveStore(own)
        first = store.append(make_sample(slot=1))
        link.half_open()

        second = store.append(make_sample(slot=2))

        assert [entry.id for entry in store.newest(9)] == [first, second]
