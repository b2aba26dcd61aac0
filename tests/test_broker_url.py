"""The two spellings of a broker's URL."""

import socket
from urllib.parse import quote

import pytest
from kombu import Connection

from broker_url import kombu_url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("unix:///run/redis.sock?db=1", "redis+socket:///run/redis.sock?virtual_host=1"),
        ("unix:///run/redis.sock", "redis+socket:///run/redis.sock"),
        ("unix://user:pass@/run/redis.sock?db=0", "redis+socket://user:pass@/run/redis.sock?virtual_host=0"),
        ("redis://127.0.0.1:6379/1", "redis://127.0.0.1:6379/1"),
        ("amqp://guest:guest@127.0.0.1:5672//", "amqp://guest:guest@127.0.0.1:5672//"),
    ],
)
def test_only_a_unix_socket_is_spelled_differently(url, expected):
    assert kombu_url(url) == expected


def test_kombu_speaks_to_the_socket_that_redis_py_speaks_to(tmp_path):
    path = tmp_path / "a b" / "redis.sock"
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        server.settimeout(5)

        connection = Connection(
            kombu_url(f"unix://{quote(str(path))}?db=1"), transport_options={"socket_timeout": 0.2}, connect_timeout=0.2
        )
        with pytest.raises(connection.connection_errors):
            connection.connect()

        with server.accept()[0] as client:
            assert client.recv(10)
