"""A kombu connection to the watched broker whose every wait ends, and the reason code of whatever ends it.

Two traps are kept shut here. `kombu.Connection.connect()` sleeps 2 s and tries again before it reports a refusal, so
connections are opened with no retry. Closing an AMQP connection politely waits for the peer's answer twice, so one
that has failed is dropped without a word. Source: kombu 5.7.0 connection.py, py-amqp 5.4.2 connection.py.
"""

# kombu is marked as typed, but most of it is not.

import ssl
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import amqp
import redis
from kombu.connection import Connection

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

    Raises: whatever kombu, py-amqp or redis-py raise; `reason_of` tells what it means.
    """
    is_amqp = kind_of(broker_url) == AMQP
    options = _AMQP_OPTIONS if is_amqp else {"socket_timeout": timeout_s, "socket_connect_timeout": timeout_s}
    connection = Connection(
        _kombu_url(broker_url),
        connect_timeout=timeout_s,
        heartbeat=_HEARTBEAT_S,
        ssl=_tls(broker_url),
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


def drop(connection: Connection) -> None:
    """Close a connection that may be broken, without talking to the broker."""
    if connection.transport.driver_type == AMQP:
        connection.collect()
    else:
        # Not collect(): for Redis it sets the process's default socket timeout, under every other thread's feet.
        connection.release()


def reason_of(error: BaseException) -> str:
    """The reason code of an exception that came out of a broker connection: refused, timeout, denied or error."""
    if isinstance(error, _DENIED):
        return "denied"
    if isinstance(error, TimeoutError | redis.TimeoutError):
        return "timeout"
    # redis-py hides a certificate's fault, which is ours to mend, in an error of connecting.
    if isinstance(error.__context__ or error, ssl.SSLError) or not isinstance(error, _UNREACHABLE):
        return "error"
    return "refused"


def _kombu_url(broker_url: str) -> str:
    """kombu's own form: `unix://:password@/path?db=1` is `redis+socket://:password@/path?virtual_host=1` there."""
    parts = urlsplit(broker_url)
    if parts.scheme != "unix":
        return broker_url
    database = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.netloc}{parts.path}?virtual_host={quote(database)}"


def _tls(broker_url: str) -> dict[str, Any] | bool:
    """Options that check the broker's certificate and name, which kombu's defaults do for neither transport."""
    match urlsplit(broker_url).scheme:
        case "amqps":
            return {"server_hostname": None}  # kombu fills in the URL's host; with none, py-amqp checks no name.
        case "rediss":
            return {"ssl_cert_reqs": ssl.CERT_REQUIRED}  # The URL's own `?ssl_cert_reqs=` and `ssl_ca_certs=` win.
        case _:
            return False
