"""All that read a broker's URL find the same server, user, password and database in it, however it is spelled."""

import ssl
from types import SimpleNamespace
from unittest.mock import patch
from urllib.parse import unquote

import pytest
from kombu import Connection
from kombu.transport.redis import Channel
from redis.connection import ConnectionPool, SSLConnection, parse_url

from collector import healthcheck
from collector.probes.broker.broker_connection import open_amqp
from collector.probes.broker.management_api import _make_connection
from collector.probes.broker.management_paths import queues_paths
from collector.probes.broker.redis_connection import RedisConnection
from collector.probes.tls import amqp_tls
from settings import SettingsError, load_settings
from settings.broker_url import addresses, kombu_url

REDIS = {
    "redis://h": ("h", 6379, None, None, 0),
    "redis://h/": ("h", 6379, None, None, 0),
    "redis://h:06379/01": ("h", 6379, None, None, 1),
    "redis:///1": ("localhost", 6379, None, None, 1),
    "redis://:p@:7000/1": ("localhost", 7000, None, "p", 1),
    "redis://h?db=3": ("h", 6379, None, None, 3),
    "redis://h/1?db=3": ("h", 6379, None, None, 3),
    "redis://h?db=1&db=2": ("h", 6379, None, None, 1),
    "redis://h?db=%31": ("h", 6379, None, None, 1),
    "redis://:p@h": ("h", 6379, None, "p", 0),
    "redis://u@h/0": ("h", 6379, "u", None, 0),
    "redis://:p+q%2B@h": ("h", 6379, None, "p+q+", 0),
    "redis://u%40x:p%40%3A%2F%3B%25@h/0": ("h", 6379, "u@x", "p@:/;%", 0),
    "redis://u:a;b@h/0": ("h", 6379, "u", "a;b", 0),
    "redis://[::1]:6380/1": ("::1", 6380, None, None, 1),
    "redis://:p@[::1]": ("::1", 6379, None, "p", 0),
    "REDIS://h/2": ("h", 6379, None, None, 2),
    " redis://h/2": ("h", 6379, None, None, 2),
    "unix:///run/r.sock": ("/run/r.sock", None, None, None, 0),
    "unix:///run/a%20b/r.sock?db=2": ("/run/a b/r.sock", None, None, None, 2),
    "unix:///run/a%3Fb/r.sock?db=1": ("/run/a?b/r.sock", None, None, None, 1),
    "unix:///run/a;b/r.sock": ("/run/a;b/r.sock", None, None, None, 0),
    "unix://localhost/run/r.sock": ("/run/r.sock", None, None, None, 0),
    "unix://u:p%40@/run/r.sock?db=1": ("/run/r.sock", None, "u", "p@", 1),
}
"""Spelling by spelling: host or path, port, user, password, database."""

AMQP = {
    "amqp://h": ("h", None, None, "/"),
    "amqp://h/": ("h", None, None, "/"),
    "amqp://h//": ("h", None, None, "/"),
    "amqp://h/%2F": ("h", None, None, "/"),
    "amqp://h/%2f": ("h", None, None, "/"),
    "amqp://h/a%2Fb": ("h", None, None, "a/b"),
    "amqp://h//a": ("h", None, None, "/a"),
    "amqp://h/v%20w+x": ("h", None, None, "v w+x"),
    "amqp://h/v;x": ("h", None, None, "v;x"),
    "amqp:///v": (None, None, None, "v"),
    "amqp://u:p%40%3B%25@h//": ("h", "u", "p@;%", "/"),
    "amqp://u:a;b@h//": ("h", "u", "a;b", "/"),
    "amqp://[::1]:5673/v": ("::1", None, None, "v"),
    "AMQP://h/v": ("h", None, None, "v"),
    " amqp://h/v?heartbeat=9 ": ("h", None, None, "v"),
}
"""Spelling by spelling: host, user, password, virtual host."""

TLS = ("rediss://h/0", "rediss://h/0?ssl_check_hostname=false", "rediss://h/0?ssl_cert_reqs=none")


def panels_redis(url):
    """The URL as the settings hand it on."""
    return load_settings({"REDIS_URL": url}).redis_url


def watched(url):
    return load_settings({"WATCHED_BROKER_URL": url}).watched_broker_url


def as_redis_py(options):
    place = (
        (options["path"], None) if "path" in options else (options.get("host", "localhost"), options.get("port", 6379))
    )
    return (*place, options.get("username"), options.get("password"), int(options.get("db") or 0))


def kombu_options(url):
    """What the collector's worker, which takes ticks by kombu, hands to redis-py."""
    channel = object.__new__(Channel)  # A whole one would connect.
    channel.connection = SimpleNamespace(client=Connection(kombu_url(url), transport="redis"), default_port=6379)
    return channel._connparams()


@pytest.mark.parametrize(("url", "expected"), REDIS.items())
def test_redis_py_kombu_the_probe_and_the_health_check_read_a_redis_url_alike(url, expected):
    handed_on = panels_redis(url)

    assert as_redis_py(parse_url(handed_on)) == expected
    assert as_redis_py(kombu_options(handed_on)) == expected
    with patch.object(ConnectionPool, "get_connection"):
        assert as_redis_py(RedisConnection(watched(url), timeout_s=1)._pool.connection_kwargs) == expected
    target = healthcheck.Target(url)
    assert (target.place, target.port, target.user, target.password, target.database) == (
        *expected[:2], expected[2] or "", expected[3] or "", expected[4],
    )  # fmt: skip


@pytest.mark.parametrize(("url", "expected"), AMQP.items())
def test_the_probe_a_celery_worker_and_the_management_api_read_an_amqp_url_alike(url, expected):
    (handed_on,) = addresses(watched(url))
    opened = []

    def open_none(connection, **_):
        opened.append(connection)
        raise ConnectionRefusedError

    with patch.object(Connection, "ensure_connection", open_none), pytest.raises(ConnectionRefusedError):
        open_amqp(handed_on, timeout_s=1)

    for connection in (opened[0], Connection(kombu_url(handed_on))):
        assert (connection.hostname, connection.userid, connection.password, connection.virtual_host) == expected
        assert connection.transport_cls == "amqp"
    [path] = queues_paths(handed_on, ["q"])
    assert unquote(path.partition("?")[0].split("/")[3]) == expected[3]


@pytest.mark.parametrize("url", TLS)
def test_the_collector_checks_its_redis_certificate_as_the_store_does(url):
    store, collector = (
        SSLConnection(**{name: value for name, value in options.items() if name.startswith("ssl_")})
        for options in (parse_url(url), kombu_options(url))
    )

    assert (collector.cert_reqs, collector.check_hostname) == (store.cert_reqs, store.check_hostname)
    assert kombu_options(url)["connection_class"] is SSLConnection


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://[::1]", ("::1", 80)),
        ("https://[::1]", ("::1", 443)),
        ("https://u:p@h:15671/api", ("h", 15671)),
    ],
)
def test_the_management_api_is_found_by_an_ipv6_address_too(url, expected):
    connection = _make_connection(url)

    assert (connection.host, connection.port) == expected


def test_a_socket_without_a_path_is_refused_at_the_start():
    with pytest.raises(SettingsError, match="REDIS_URL must name a socket by its path"):
        load_settings({"REDIS_URL": "unix://redis.sock"})


def test_a_workers_tls_options_are_kombus_own_where_the_url_spells_them_as_redis_py_does():
    url = "amqps://u:p@h/v?ssl_ca_certs=/ca.pem&heartbeat=9"
    connection = Connection(kombu_url(url), ssl=amqp_tls(url))

    assert connection.ssl == {"ca_certs": "/ca.pem", "cert_reqs": ssl.CERT_REQUIRED, "server_hostname": None}
