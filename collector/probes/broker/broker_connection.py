"""Opens connections to RabbitMQ with a deadline on every wait, and gives any broker error's reason code.

kombu is used for RabbitMQ only; on Redis a kombu channel would move messages (`redis_connection`). Two traps are
avoided: `kombu.Connection.connect()` sleeps 2 s and retries before it reports a refusal, so connections are opened
without retries; a polite close waits for the peer twice, so a failed connection is dropped instead.
Source: kombu 5.7.0 connection.py, py-amqp 5.4.2 connection.py.
"""

# kombu is marked as typed, but most of it is not.

import logging
import ssl
from collections.abc import Callable

import amqp
import redis
from kombu.connection import Connection

from collector.probes.tls import amqp_tls, certificate_fault
from settings.broker_url import is_amqp, kombu_url, query_of

log = logging.getLogger(__name__)

AMQP = "amqp"
REDIS = "redis"

_HEARTBEAT_S = 30
"""RabbitMQ closes the connection of a vanished collector after two intervals; reading is enough to stay alive."""

_OPTIONS = {"client_properties": {"connection_name": "zapvoice-monitor"}}
"""RabbitMQ's list of connections shows this name."""

_UNREACHABLE = (OSError, amqp.RecoverableConnectionError, amqp.ConnectionError, redis.ConnectionError)
_DENIED = (amqp.AccessRefused, amqp.NotAllowed, redis.AuthenticationError, redis.exceptions.NoPermissionError)


def kind_of(broker_url: str) -> str:
    """`amqp` or `redis`, by the URL's scheme."""
    return AMQP if is_amqp(broker_url) else REDIS


def open_amqp(url: str, *, timeout_s: float) -> Connection:
    """Open a connection to RabbitMQ whose every connect, read and write ends within `timeout_s`.

    Raises: what kombu and py-amqp raise; `reason_of` gives its reason code.
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
    # Not py-amqp's read_timeout: its SO_RCVTIMEO yields EAGAIN, which py-amqp retries for ever within a frame.
    connection.connection.sock.settimeout(timeout_s)
    return connection


def close(connection: Connection) -> None:
    """Close a connection politely; one that cannot be closed so is dropped."""
    try:
        connection.release()
    except (amqp.AMQPError, OSError):  # kombu passes over some of these, but not over a 404.
        drop(connection)


def close_quietly(close_it: Callable[[], None]) -> None:
    """Close what may be broken already: that it does not close well must not end the caller's thread."""
    try:
        close_it()
    except Exception as error:  # noqa: BLE001  Drivers raise outside their own trees, too.
        log.debug("a connection did not close well: %s", type(error).__name__)


def drop(connection: Connection) -> None:
    """Close a connection that may be broken, without talking to the broker."""
    connection.collect()


def reason_of(error: BaseException) -> str:
    """The reason code of a broker connection's exception: refused, timeout, denied, error, or a code of a refused
    certificate (`collector.probes.tls`).
    """
    if isinstance(error, _DENIED):
        return "denied"
    if isinstance(error, TimeoutError | redis.TimeoutError):
        return "timeout"
    if fault := certificate_fault(error):
        return fault
    # redis-py wraps a TLS fault, which is ours to mend, in a connection error.
    if isinstance(error.__context__ or error, ssl.SSLError) or not isinstance(error, _UNREACHABLE):
        return "error"
    return "refused"
