"""One connection to the watched Redis, without kombu, whose channel would move messages when it opens.

A batch is one write and one read per command. Only the caller's commands are sent (no HELLO, no CLIENT SETINFO, no
PING), so that least rights are enough.
"""

from collections.abc import Iterable
from typing import Any

import redis
from redis.connection import ConnectionPool

from collector.probes.tls import redis_tls
from settings.broker_url import query_of, without_query

Command = tuple[str | int | bytes, ...]
Packed = list[bytes]
"""Commands as bytes on the wire."""


class RedisConnection:
    """Executes batches of commands. Every connect, write and read has a deadline. Not thread-safe.

    Every method raises what redis-py raises; `broker_connection.reason_of` gives its reason code.
    """

    def __init__(self, url: str, *, timeout_s: float) -> None:
        options = {"socket_timeout": timeout_s, "socket_connect_timeout": timeout_s, "protocol": 2}
        database = query_of(url).get("db")
        bare_url = without_query(url) + (f"?db={database}" if database else "")
        self._pool = ConnectionPool.from_url(bare_url, driver_info=None, **options, **redis_tls(url))
        self._connection: Any = self._pool.get_connection()  # Most of redis-py is not typed.

    @property
    def database(self) -> int:
        """The URL's database number."""
        return int(self._pool.connection_kwargs.get("db") or 0)

    def pack(self, commands: Iterable[Command]) -> Packed:
        """The commands as `execute` sends them; worth keeping for commands that are sent again."""
        packed: Packed = self._connection.pack_commands(commands)
        return packed

    def execute(self, packed: Packed, count: int) -> list[Any]:
        """The answers to `count` commands; the ResponseError of one that Redis refuses."""
        self._connection.send_packed_command(packed, check_health=False)
        return [self.read() for _ in range(count)]  # All of them, or the next batch would read the rest.

    def has_answer(self) -> bool:
        """Whether something can be read at once, after a SUBSCRIBE."""
        return bool(self._connection.can_read(timeout=0))

    def close(self) -> None:
        """Close the connection without talking to Redis."""
        self._connection.disconnect()

    def read(self) -> Any:
        """The next answer; the ResponseError of a command that Redis refuses."""
        try:
            return self._connection.read_response()
        except redis.ResponseError as error:
            return error
