"""A Redis client whose sockets neither gevent nor eventlet patches, for native threads.

A patched socket waits for its thread's event loop, and a native thread has none. TLS is an exception: those libraries
replace Python's `ssl` from the inside, so a TLS connection gets its own event loop there, which works.
"""

import _socket
import os
import socket
import weakref
from typing import Any

from redis import Redis
from redis.connection import Connection, SSLConnection, UnixDomainSocketConnection, parse_url

from store.samples.live import redis_client


class _Socket(_socket.socket):
    """This module's own kind: those of `socket` may be patched."""


class _TcpConnection(Connection):
    def _connect(self) -> _Socket:
        error = OSError("its name has no address")
        # Not `str`: encoding it would import a module, under a lock that may be patched.
        name = self.host.encode("ascii") if self.host.isascii() else self.host
        for family, _, _, _, address in _socket.getaddrinfo(name, self.port, 0, socket.SOCK_STREAM):
            try:
                return self._open(family, address)
            except OSError as exc:
                error = exc
        raise error

    def _open(self, family: int, address: object) -> _Socket:
        sock = _new_socket(family)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            sock.settimeout(self.socket_connect_timeout)
            sock.connect(address)  # type: ignore[arg-type]
            sock.settimeout(self.socket_timeout)
        except BaseException:
            sock.close()
            raise
        return sock


class _TlsConnection(SSLConnection, _TcpConnection):
    pass


class _UnixConnection(UnixDomainSocketConnection):
    def _connect(self) -> _Socket:
        sock = _new_socket(socket.AF_UNIX)
        try:
            sock.settimeout(self.socket_connect_timeout)
            sock.connect(self.path)
            sock.settimeout(self.socket_timeout)
        except BaseException:
            sock.close()
            raise
        return sock


_KINDS = {Connection: _TcpConnection, SSLConnection: _TlsConnection, UnixDomainSocketConnection: _UnixConnection}


def _parse(url: str) -> dict[str, Any]:
    return parse_url(url)  # type: ignore[no-untyped-call, no-any-return]


def check_url(url: str) -> None:
    """Raises: ValueError, without the URL's secrets, when `url` names no Redis."""
    try:
        _parse(url)
    except ValueError:
        raise ValueError(
            "redis_url is no URL of a Redis: write redis://:password@host:6379/0, rediss:// for TLS, or "
            "unix://:password@/path, and percent-encode special characters of the password"
        ) from None


def native_redis_client(url: str) -> "Redis":
    """One connection, for one thread; see `redis_client`. Raises: ValueError as `check_url` does."""
    check_url(url)
    kind = _KINDS[_parse(url).get("connection_class", Connection)]
    # Without driver info: redis-py would import modules to look up its own version.
    return redis_client(url, max_connections=1, connection_class=kind, driver_info=None)


def _new_socket(family: int) -> _Socket:
    sock = _Socket(family, socket.SOCK_STREAM)
    _sockets.add(sock)
    return sock


_sockets: "weakref.WeakSet[_Socket]" = weakref.WeakSet()


def _close_inherited() -> None:
    """Close the parent's connections in a forked child, which would keep them open after the parent ends."""
    for sock in list(_sockets):
        sock.close()


os.register_at_fork(after_in_child=_close_inherited)
