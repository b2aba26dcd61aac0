"""Beat as a thread of the collector."""

import threading

import pytest

from collector.beat import thread as own_beat
from store.errors import StoreUnavailable
from store.samples.live import LiveStore, redis_client
from tests.programs.service import Program
from tests.services import RedisServer


def test_a_process_whose_beat_has_failed_ends_to_be_started_anew():
    with Program("tests.programs.broken_beat") as ending:
        _, complaints = ending.end(code=70)

    assert "no ticks are sent any more: ending" in complaints


@pytest.fixture
def running_beat():
    """A thread that goes by its name."""
    over = threading.Event()
    thread = threading.Thread(target=over.wait, name=own_beat.NAME)
    thread.start()
    yield
    over.set()
    thread.join()


@pytest.mark.live
def test_a_process_without_a_beat_of_its_own_owes_what_waits_alone(client):
    store = LiveStore(client)
    assert own_beat.count_due(store, "ticks") == 0
    client.rpush("ticks", "one")
    assert own_beat.count_due(store, "ticks") == 1


@pytest.mark.live
def test_a_process_that_runs_its_own_beat_owes_a_tick_where_redis_takes_one(running_beat):
    with RedisServer() as server, redis_client(server.url) as client:
        store = LiveStore(client)
        assert own_beat.count_due(store, "ticks") == 1
        client.config_set("maxmemory", 1)
        with pytest.raises(StoreUnavailable):
            own_beat.count_due(store, "ticks")
        client.config_set("maxmemory", 0)
        assert own_beat.count_due(store, "ticks") == 1
