"""Fixtures of the store's tests."""

from collections.abc import Iterator

import pytest
import redis

from store.samples.live import redis_client


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    """The panel's own client, of an empty database of the run's Redis."""
    with redis_client(redis_url) as client:
        yield client
