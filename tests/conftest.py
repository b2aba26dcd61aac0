"""Fixtures that start real services: one server a run, shared, and a fresh place in it for each test.

A test that kills or pauses a server makes its own: `with RedisServer() as server`.
"""

import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from hypothesis import HealthCheck, settings

from store.samples.live import redis_client
from tests.services import PostgresServer, RabbitServer, RedisServer

# Some machines keep Python from storing what it has compiled. Then each process of a run compiles all tests anew, which
# takes some ten seconds.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")  # How long an example takes says how busy the machine is.

TESTS = Path(__file__).parent

WAITING = ("browser", "deploy", "live", "standalone")
"""Directories whose tests wait for servers more than they compute."""

LONGEST = {"test_containers.py", "test_clock.py", "test_faults.py", "test_stack.py", "test_queues_on_rabbitmq.py",
           "test_rabbitmq_outage.py", "test_least_rights.py", "test_documented_commands.py",
           "test_workers_on_rabbitmq.py", "test_causes_on_brokers.py", "test_log_processes.py", "test_events.py",
           "test_states.py"}  # fmt: skip
"""Files that take a minute or so: begun last, one of them would be waited for alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the files so that a run in several processes is even.

    The tests of a file run in one process (`--dist loadfile`). LONGEST come first. Then the files of the directories
    that wait, spread over the run and the longest first in each; the others fill the gaps at the end.
    """
    files: dict[str, list[Path]] = {}
    for path in sorted({item.path for item in items}, key=lambda path: (-path.stat().st_size, path)):
        folder = path.relative_to(TESTS).parts[0] if path.is_relative_to(TESTS) else path.parent.name
        files.setdefault(folder, []).append(path)
    places = {
        path: (folder not in WAITING, number / len(paths))
        for folder, paths in files.items()
        for number, path in enumerate(paths)
    }
    items.sort(key=lambda item: (item.path.name not in LONGEST, places[item.path]))


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """The run's Redis. Do not kill or pause it."""
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="session")
def rabbitmq_server() -> Iterator[RabbitServer]:
    """The run's RabbitMQ. Do not kill or pause it; name queues so that no other test has them."""
    with RabbitServer() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """The run's PostgreSQL. Do not kill or pause it."""
    with PostgresServer() as server:
        yield server


@pytest.fixture
def redis_url(redis_server: RedisServer) -> Iterator[str]:
    """The URL of an empty database of the run's Redis, emptied again afterwards."""
    for number in range(16):
        with redis.Redis.from_url(redis_server.url_of(number)) as client:
            if not client.dbsize():
                yield redis_server.url_of(number)
                client.flushdb()
                return
    pytest.fail("all 16 databases of the test Redis are in use")


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    """The panel's own client, of an empty database of the run's Redis."""
    with redis_client(redis_url) as client:
        yield client


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a fresh database of the run's PostgreSQL, dropped again afterwards."""
    name = f"test_{secrets.token_hex(6)}"
    with postgres_server.connect() as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield postgres_server.url_of(name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
