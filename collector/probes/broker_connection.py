"""A kombu connection to the watched broker whose every wait ends, and the reason code of whatever ends it.

Two traps are kept shut here. `kombu.Connection.connect()` sleeps 2 s and tries again before it reports a refusal, so
connections are opened with no retry. Closing an AMQP connection politely waits for the peer's answer twice, so one
that has failed is dropped without a word. Source: kombu 5.7.0 connection.py, py-amqp 5.4.2 connection.py.
"""

# kombu is marked as typed, but most of it is not.

import ssl
from urllib.parse import urlsplit

import amqp
import redis
from kombu.connection import Connection

from broker_url import kombu_url, query_of
from collector.probes.failover import open_first
from collector.probes.tls import certificate_fault, kombu_tls

AMQP = "amqp"
REDIS = "redis"

_HEARTBEAT_S = 30
"""AMQP only. The broker forgets a collector that vanished after two of these; the reads are traffic enough for it."""

_AMQP_OPTIONS = {"client_properties": {"connection_name": "zapvoice-monitor"}}
"""The name that RabbitMQ's list of connections shows."""

_UNREACHABLE = (OSError, amqp.RecoverableConnectionError, amqp.ConnectionError, redis.ConnectionError)
_DENIED = (amqp.AccessRefused, amqp.NotAllowed, redis.AuthenticationError, redis.exceptions.NoPermissionError)


def kind_of(broker_url: str) -> str:
    """`amqp` or `redis`, by the URL's scheme."""
    return AMQP if urlsplit(broker_url).scheme in {"amqp", "amqps"} else REDIS


def open_connection(broker_url: str, *, timeout_s: float) -> Connection:
    """Open a connection of which no single connect, read or write lasts longer than `timeout_s`.

    Of several addresses (`amqp://a;amqp://b`) the first that lets us in, as Celery's clients do when they start.

    Raises: whatever kombu, py-amqp or redis-py raise, of the preferred address; `reason_of` tells what it means.
    """
    return open_first(broker_url, lambda url: open_address(url, timeout_s=timeout_s))[1]


def open_address(url: str, *, timeout_s: float) -> Connection:
    """Open a connection to one address. Raises: as `open_connection`."""
    is_amqp = kind_of(url) == AMQP
    options = _AMQP_OPTIONS if is_amqp else {"socket_timeout": timeout_s, "socket_connect_timeout": timeout_s}
    connection = Connection(
        _bare(kombu_url(url)),
        connect_timeout=timeout_s,
        heartbeat=int(query_of(url).get("heartbeat", _HEARTBEAT_S)),
        ssl=kombu_tls(url),
        transport_options=options,
    )
    try:
        connection.ensure_connection(max_retries=0, reraise_as_library_errors=False)
    except BaseException:
        drop(connection)
        raise
    if is_amqp:
        # Not py-amqp's read_timeout: SO_RCVTIMEO ends in EAGAIN, which its `_read` repeats for ever within a frame.
        connection.connection.sock.settimeout(timeout_s)
    return connection


def _bare(url: str) -> str:
    """Without what kombu would take for arguments of its own, to the loss of ours; a Unix socket's stay."""
    parts = urlsplit(url)
    return url if parts.scheme == "redis+socket" else parts._replace(query="").geturl()


def drop(connection: Connection) -> None:
    """Close a connection that may be broken, without talking to the broker."""
    if connection.transport.driver_type == AMQP:
        connection.collect()
    else:
        # Not collect(): for Redis it sets the process's default socket timeout, under every other thread's feet.
        connection.release()


def reason_of(error: BaseException) -> str:
    """The reason code of an exception that came out of a broker connection: refused, timeout, denied, error, or what is
    wrong with the certificate (`collector.probes.tls`).
    """
    if isinstance(error, _DENIED):
        return "denied"
    if isinstance(error, TimeoutError | redis.TimeoutError):
        return "timeout"
    if fault := certificate_fault(error):
        return fault
    # redis-py hides a fault of TLS, which is ours to mend, in an error of connecting.
    if isinstance(error.__context__ or error, ssl.SSLError) or not isinstance(error, _UNREACHABLE):
        return "error"
    return "refused"
