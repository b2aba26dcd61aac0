"""One web process and its Redis for all tests of a file that name no other."""

from uuid import uuid4

import amqp
import pytest

from collector.probes import database, verdict
from store.samples.live import LiveStore, redis_client
from tests.process import PATIENCE_S
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


@pytest.fixture
def channel(rabbitmq_server):
    """A channel of the run's RabbitMQ that confirms what is published."""
    address = f"127.0.0.1:{rabbitmq_server.port}"
    with amqp.Connection(address, "monitor", rabbitmq_server.password, confirm_publish=True) as connection:
        yield connection.channel()


@pytest.fixture
def name():
    """A queue's name that no other test has."""
    return f"queue-{uuid4().hex}"


@pytest.fixture
def patient_probes(monkeypatch):
    """No answer is late for the probes. Where a single look is asserted, a busy machine must not decide."""
    monkeypatch.setattr(verdict, "SLOW_MS", PATIENCE_S * 1000)
    monkeypatch.setattr(database, "ANSWER_S", PATIENCE_S)
    monkeypatch.setitem(database._POSTGRES_OPTIONS, "connect_timeout", int(PATIENCE_S))
