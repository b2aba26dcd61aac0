"""Opens RabbitMQ with a deadline on every wait; gives the reason code of any broker's error.

kombu opens RabbitMQ alone: on Redis a channel of kombu's moves messages (`redis_connection`). Two traps are kept shut:
`kombu.Connection.connect()` sleeps 2 s and tries again before it reports a refusal, so connections are opened with no
retry. Closing an AMQP connection politely waits for the peer's answer twice, so one that has failed is dropped without
a word. Source: kombu 5.7.0 connection.py, py-amqp 5.4.2 connection.py.
"""

# kombu is marked as typed, but most of it is not.

import ssl

import amqp
import redis
from kombu.connection import Connection

from collector.probes.tls import amqp_tls, certificate_fault
from settings.broker_url import is_amqp, kombu_url, query_of

AMQP = "amqp"
REDIS = "redis"

_HEARTBEAT_S = 30
"""The broker forgets a collector that vanished after two of these; the reads are traffic enough for it."""

_OPTIONS = {"client_properties": {"connection_name": "zapvoice-monitor"}}
"""The name that RabbitMQ's list of connections shows."""

_UNREACHABLE = (OSError, amqp.RecoverableConnectionError, amqp.ConnectionError, redis.ConnectionError)
_DENIED = (amqp.AccessRefused, amqp.NotAllowed, redis.AuthenticationError, redis.exceptions.NoPermissionError)


def kind_of(broker_url: str) -> str:
    """`amqp` or `redis`, by the URL's scheme."""
    return AMQP if is_amqp(broker_url) else REDIS


def open_amqp(url: str, *, timeout_s: float) -> Connection:
    """Open a connection to RabbitMQ of which no single connect, read or write lasts longer than `timeout_s`.

    Raises: whatever kombu and py-amqp raise; `reason_of` tells what it means.
    """
    connection = Connection(
        kombu_url(url),
        connect_timeout=timeout_s,
        heartbeat=int(query_of(url).get("heartbeat", _HEARTBEAT_S)),
        ssl=amqp_tls(url),
        transport_options=_OPTIONS,
    )
    try:
        connection.ensure_connection(max_retries=0, reraise_as_library_errors=False)
    except BaseException:
        drop(connection)
        raise
    # Not py-amqp's read_timeout: SO_RCVTIMEO ends in EAGAIN, which its `_read` repeats for ever within a frame.
    connection.connection.sock.settimeout(timeout_s)
    return connection


def close(connection: Connection) -> None:
    """Close a connection politely, and one that cannot be closed so without a word. Raises nothing."""
    try:
        connection.release()
    except Exception:  # noqa: BLE001  py-amqp raises outside what kombu takes for an error of closing, such as a 404.
        drop(connection)


def drop(connection: Connection) -> None:
    """Close a connection that may be broken, without talking to the broker."""
    connection.collect()


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
