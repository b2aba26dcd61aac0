"""The two spellings of a broker's URL."""

import socket
from urllib.parse import quote

import pytest
from kombu import Connection

from settings.broker_url import addresses, kombu_url, names_host, trusting


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("unix:///run/redis.sock?db=1", "redis+socket:///run/redis.sock?virtual_host=1"),
        ("unix:///run/redis.sock", "redis+socket:///run/redis.sock"),
        ("unix://user:pass@/run/redis.sock?db=0", "redis+socket://user:pass@/run/redis.sock?virtual_host=0"),
        ("redis://127.0.0.1:6379/1", "redis://127.0.0.1:6379/1"),
        ("redis://127.0.0.1:6379?db=3", "redis://127.0.0.1:6379/3"),
        ("rediss://h/0?db=3&ssl_ca_certs=/a.pem", "rediss://h/3?ssl_ca_certs=/a.pem&ssl_cert_reqs=required"),
        ("amqp://guest:guest@127.0.0.1:5672//", "amqp://guest:guest@127.0.0.1:5672//"),
    ],
)
def test_a_unix_socket_and_a_database_in_the_query_are_spelled_differently(url, expected):
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


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("amqp://a//;amqp://b/x", ("amqp://a//", "amqp://b/x")),
        ("amqp://u:a;b@host//", ("amqp://u:a;b@host//",)),
        (" redis://a/0 ; redis://b/0 ", ("redis://a/0", "redis://b/0")),
    ],
)
def test_a_list_of_addresses_is_read_as_celery_reads_it_and_a_password_is_no_list(url, expected):
    assert addresses(url) == expected


def test_a_file_of_certificates_is_named_where_tls_is_spoken_and_none_is_named():
    urls = "amqps://a//;amqp://b//;amqps://c//?ssl_ca_certs=/own.pem&heartbeat=9"

    assert trusting(urls, "/ca s.pem") == (
        "amqps://a//?ssl_ca_certs=/ca%20s.pem;amqp://b//;amqps://c//?ssl_ca_certs=/own.pem&heartbeat=9"
    )
    assert trusting(urls, None) == urls
    assert trusting(None, "/ca.pem") is None


@pytest.mark.parametrize(
    ("url", "names"),
    [
        ("redis://", False),
        ("redis:///0", False),
        ("redis://:secret@:6380/0", False),
        ("redis://localhost", True),
        ("rediss://:secret@[::1]:6380/0", True),
        ("unix:///run/redis.sock", True),
    ],
)
def test_a_url_names_its_host_or_leaves_it_to_the_client(url, names):
    assert names_host(url) is names
