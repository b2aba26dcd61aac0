"""Checks whether this host's samples arrive: `python -IS collector/healthcheck.py` exits with 0 or 1.

The HEALTHCHECK of beat and collector. A sample proves that beat publishes, the collector works and Redis takes writes;
a live process or an open connection proves none of it. The check runs as a file and asks Redis over a bare socket: an
interpreter with nothing loaded takes 10 ms of CPU, redis-py and the settings took 650. It reads the same variables as
the settings do, and leaves their validation to the process it checks.
"""

import _socket  # `socket` would double the cost: it loads selectors and enum.
import os
import sys

MAX_AGE_INTERVALS = 5
"""A sample older than this is too old. `/healthz` says so after three; this one makes people look at containers."""

DEFAULT_INTERVAL_S = 3.0
"""As in the settings."""

CLOCK_SLACK_S = 1.0
"""How far in the future a sample may seem to be. Beyond that its age is unknown: Redis' clock was set back."""

TIMEOUT_S = 2.0


class Unhealthy(Exception):
    """The check fails; the message says why, without a secret."""


def read_age_s(url: str, host: str) -> float | None:
    """The age of a host's newest sample by the store's clock (s), None when it has written none.

    Raises: Unhealthy when Redis does not answer or refuses; OSError when it cannot be reached.
    """
    # Isolated, the interpreter does not look here by itself.
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120  pathlib is slow.
    from store import keys  # noqa: PLC0415

    target = Target(url)
    connection = _connect(target, url=url)
    commands = [("SELECT", str(target.database)), ("TIME",), ("ZSCORE", keys.HOSTS, host)]
    commands += [("HGET", keys.CLOCK, keys.OFFSET), ("QUIT",)]
    if target.user:
        commands.insert(0, ("AUTH", target.user, target.password))
    elif target.password:
        commands.insert(0, ("AUTH", target.password))
    connection.sendall(b"".join(map(_encode, commands)))
    lines = _read(connection)
    for line in lines:
        if line.startswith("-") and not line[1:].isdigit():  # A number is an answer.
            raise Unhealthy(f"Redis refuses: {line[1:].split(' ')[0]}")  # What follows the code can repeat a secret.
    # TIME is "*2", then a length and a number twice; the others are a length and a number, "$-1" where there is none.
    time_at = lines.index("*2") if "*2" in lines else len(lines)
    values = lines[time_at + 1 :]
    try:
        seconds, microseconds = int(values[1]), int(values[3])
        if values[4] == "$-1":
            return None
        offset_ms = 0 if values[6] == "$-1" else int(values[7])
        return seconds + microseconds / 1e6 + offset_ms / 1000 - float(values[5]) / 1000
    except (IndexError, ValueError) as exc:
        raise Unhealthy("Redis does not answer to the end") from exc


class Target:
    """What a Redis URL names, read as redis-py reads it."""

    # By string operations: importing urllib.parse takes longer than the whole check.
    def __init__(self, url: str) -> None:
        """Raises: Unhealthy, ValueError for a port or a database that is no number."""
        scheme, _, rest = url.strip().partition("://")
        self.scheme = scheme.lower()
        if self.scheme not in ("redis", "rediss", "unix") or not rest:
            raise Unhealthy("REDIS_URL must be redis://…, rediss://… or unix://…")
        rest, _, query = rest.partition("?")
        before, _, place = rest.rpartition("@")
        user, _, password = before.partition(":")
        self.user, self.password = _decode(user), _decode(password)
        address, _, path = place.partition("/")
        database = next((pair[3:] for pair in query.split("&") if pair.startswith("db=")), "")
        if self.scheme == "unix":
            self.place, self.port = _decode(f"/{path}"), None
        else:
            host, _, port = address.rpartition(":") if ":" in address.rpartition("]")[2] else (address, "", "6379")
            self.place, self.port = host.strip("[]") or "localhost", int(port)
            database = database or path
        self.database = int(_decode(database) or 0)


def _decode(text: str) -> str:
    if "%" in text:
        from urllib.parse import unquote  # noqa: PLC0415

        return unquote(text)
    return text


def _connect(target: Target, *, url: str) -> "_socket.socket":
    if target.port is None:
        connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        connection.settimeout(TIMEOUT_S)
        connection.connect(target.place)
        return connection
    if target.scheme == "rediss":
        import socket  # noqa: PLC0415  TLS is worth its 30 ms.

        from collector.probes.tls import context_of  # noqa: PLC0415

        plain = socket.create_connection((target.place, target.port), TIMEOUT_S)
        return context_of(url).wrap_socket(plain, server_hostname=target.place)
    # Bytes: for a text Python would load its whole IDNA codec.
    place = target.place.encode()
    family, kind, protocol, _, address = _socket.getaddrinfo(place, target.port, 0, _socket.SOCK_STREAM)[0]
    connection = _socket.socket(family, kind, protocol)
    connection.settimeout(TIMEOUT_S)
    connection.connect(address)
    return connection


def _encode(words: tuple[str, ...]) -> bytes:
    """A command in the Redis protocol."""
    values = [word.encode() for word in words]
    return b"*%d\r\n" % len(values) + b"".join(b"$%d\r\n%b\r\n" % (len(value), value) for value in values)


def _read(connection: "_socket.socket") -> list[str]:
    """The lines of all answers. QUIT makes Redis close the connection after the last one."""
    answer = b""
    while chunk := connection.recv(4096):
        answer += chunk
    return answer.decode("utf-8", "replace").split("\r\n")


def _setting(name: str, default: str = "") -> str:
    path = os.environ.get(f"{name}_FILE", "")
    if path and not os.environ.get(name):
        with open(path, encoding="utf-8") as file:  # noqa: PTH123  pathlib is slow.
            return file.read().strip()
    return os.environ.get(name) or default


def main() -> int:
    """Print the age of the newest sample. Returns the exit code."""
    host = _setting("MONITOR_HOST", _socket.gethostname())
    try:
        max_age_s = MAX_AGE_INTERVALS * float(_setting("SAMPLE_INTERVAL_S", str(DEFAULT_INTERVAL_S)))
        age_s = read_age_s(_setting("REDIS_URL", "redis://127.0.0.1:6379/0"), host)
    except Unhealthy as exc:
        print(exc)
        return 1
    except (OSError, ValueError) as exc:
        print(f"Redis cannot be asked: {exc if isinstance(exc, OSError) else 'a setting is faulty'}")
        return 1
    if age_s is None:
        print(f"{host} has written no sample")
        return 1
    print(f"The newest sample of {host} is {age_s:.1f} s old")
    return 0 if -CLOCK_SLACK_S <= age_s <= max_age_s else 1


if __name__ == "__main__":
    sys.exit(main())
