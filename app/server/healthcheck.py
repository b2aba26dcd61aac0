"""Whether a URL answers 200: `python -IS app/server/healthcheck.py http://127.0.0.1:8000/readyz` exits with 0 or 1.

For a container's HEALTHCHECK. It runs as a file, because `python -m` would import the package and with it the settings
each time. It uses a bare socket, because http.client takes 35 ms to load and this program 10 in all.
"""

import _socket  # `socket` loads selectors and enum, which would double the cost.
import sys

TIMEOUT_S = 2.0


def read_status(url: str) -> int:
    """The status of the answer to a GET over plain HTTP. Raises: OSError, ValueError when there is none."""
    address, _, path = url.removeprefix("http://").partition("/")
    name, _, port = address.partition(":")
    connection = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    connection.settimeout(TIMEOUT_S)
    connection.connect((name, int(port or 80)))
    connection.sendall(f"GET /{path} HTTP/1.0\r\nHost: {address}\r\n\r\n".encode())
    return int(connection.recv(4096).split(b" ", 2)[1])


def main(url: str) -> int:
    """Print what the URL answers. Returns the exit code."""
    try:
        status = read_status(url)
    except OSError as exc:
        print(f"{url} does not answer: {exc or type(exc).__name__}")
        return 1
    except (ValueError, IndexError):
        print(f"{url} answers something that is not HTTP")
        return 1
    print(f"{url} answers {status}")
    return 0 if status == 200 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
