"""Whether a URL answers 200: `python -IS app/healthcheck.py http://127.0.0.1:8000/readyz` ends with 0 or 1.

For a container's HEALTHCHECK. Run as a file: `python -m` would import the package, the whole application with it, which
costs a second of CPU each time; this costs some 40 ms.
"""

import http.client
import sys
from urllib.parse import urlsplit

TIMEOUT_S = 2.0


def read_status(url: str) -> int:
    """The status of the answer to a GET. Raises: OSError, http.client.HTTPException when there is none."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT_S)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status
    finally:
        connection.close()


def main(url: str) -> int:
    """Print what the URL answers. Returns the exit code."""
    try:
        status = read_status(url)
    except (OSError, http.client.HTTPException) as exc:
        print(f"{url} does not answer: {exc or type(exc).__name__}")
        return 1
    print(f"{url} answers {status}")
    return 0 if status == 200 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
