"""One web process and its Redis for all tests of a file that name no other."""

import pytest

from store.samples.live import LiveStore, redis_client
from tests.services import RedisServer, wait_until
from tests.web import WebServer


@pytest.fixture(scope="module")
def shared_redis():
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="module")
def web(shared_redis):
    with WebServer(shared_redis.url, MAX_STREAMS="6", MAX_STREAMS_PER_USER="3") as server:
        wait_until(lambda: server.get("/readyz", role=None).status == 200)
        yield server


@pytest.fixture
def client(shared_redis):
    with redis_client(shared_redis.url) as client:
        yield client


@pytest.fixture
def store(client):
    return LiveStore(client)
