"""One connection to the watched Redis, without kombu: opening one of kombu's channels there moves messages.

A round of questions is one write and as many reads as it has commands. Nothing is asked but what the caller asks: no
HELLO, no CLIENT SETINFO, no PING, so that least rights are enough.
"""

from collections.abc import Iterable
from typing import Any

import redis
from redis.connection import ConnectionPool

from collector.probes.tls import redis_tls
from settings.broker_url import query_of, without_query

Command = tuple[str | int | bytes, ...]
Packed = list[bytes]
"""Commands as they are sent."""


class RedisConnection:
    """Asks several commands at once. Every connect, write and read ends within its deadline. Not thread-safe.

    Raises everywhere: what redis-py raises; `broker_connection.reason_of` tells what it means.
    """

    def __init__(self, url: str, *, timeout_s: float) -> None:
        options = {"socket_timeout": timeout_s, "socket_connect_timeout": timeout_s, "protocol": 2}
        database = query_of(url).get("db")
        bare_url = without_query(url) + (f"?db={database}" if database else "")
        self._pool = ConnectionPool.from_url(bare_url, driver_info=None, **options, **redis_tls(url))
        self._connection: Any = self._pool.get_connection()  # Most of redis-py is not typed.

    @property
    def database(self) -> int:
        """The number of the database that the URL names."""
        return int(self._pool.connection_kwargs.get("db") or 0)

    def pack(self, commands: Iterable[Command]) -> Packed:
        """The commands as `execute` sends them; worth keeping where the same are asked again."""
        packed: Packed = self._connection.pack_commands(commands)
        return packed

    def execute(self, packed: Packed, count: int) -> list[Any]:
        """The answers to `count` commands; one that Redis refuses is answered by its ResponseError."""
        self._connection.send_packed_command(packed, check_health=False)
        return [self._read() for _ in range(count)]  # All of them, or the next question would get the rest.

    def close(self) -> None:
        """Close it, without a word to Redis."""
        self._connection.disconnect()

    def _read(self) -> Any:
        try:
            return self._connection.read_response()
        except redis.ResponseError as error:
            return error
