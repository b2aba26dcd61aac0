"""Made-up requests at every address of a running panel: `python -m tests.fuzz 100000`, `make fuzz N=100000`.

None may be answered by a 5xx (but for health, which says 503 without samples), by something that tells of the inside,
or not at all. Raw bytes on a socket, so that what no client library would send is sent too. Seeded: a finding repeats.
"""

import random
import re
import socket
import sys
import time
from collections import Counter

from tests.services import RedisServer, wait_until
from tests.web import SECRET_KEY, WebServer

DEADLINE_S = 10.0
"""Longest wait for an answer: a body that never comes is given 5 s."""

PATHS = (
    "/", "/monitor", "/login", "/logout", "/stream", "/healthz", "/livez", "/readyz", "/api/me", "/api/me/seen",
    "/api/history", "/api/hosts", "/api/hosts/web-1", "/api/audit", "/api/logs", "/static/js/main.js", "/static/",
    "/static/../settings.py", "/static/%2e%2e/settings.py", "/api/", "/nothing", "//evil.test", "*",
)  # fmt: skip
METHODS = ("GET", "GET", "GET", "POST", "HEAD", "DELETE", "PUT", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get", "X")
NAMES = ("host", "since", "until", "after", "before", "next", "level", "query", "range", "email", "x")
VALUES = (
    "", "0", "-1", "1e400", "nan", "1700000000", "9" * 30, "web-1", "%00", "%0d%0aX-A:b", "%ff%fe", "%F0%9F%92%A5",
    "..", "%2e%2e%2f", "<script>", "'--", "${7*7}", "{{7*7}}", "5-0", "1-1-1", "%u0041", "[]", "true", "null",
    "A" * 3000,
)  # fmt: skip
HEADERS = (
    "Last-Event-ID: 5-0", "Last-Event-ID: x", "Accept: text/html", "Accept-Language: xx", "Origin: https://evil.test",
    "Range: bytes=0-1", "If-None-Match: *", "If-Modified-Since: x", "X-Forwarded-For: 1.2.3.4", "X-CSRFToken: x",
    "Content-Type: application/json", "Content-Type: multipart/form-data; boundary=x", "Cookie: monitor_session=x",
    "Content-Type: application/x-www-form-urlencoded", "Cookie: monitor_form=.eJw; monitor_browser=a.b.c",
    "Host: evil.test", "Authorization: Basic \xff", "Authorization: Basic YTpi", "Authorization: Bearer \xff",
    "Sec-Fetch-Site: cross-site", "Expect: 100-continue", "Transfer-Encoding: gzip", "Content-Length: -1",
    "Content-Length: 99999999", "X: " + "y" * 9000, "Upgrade: websocket",
)  # fmt: skip
BODIES = (b"", b"", b"{}", b"[1", b"email=a%40b.c&password=x", b"\xff" * 300, b"--x\r\n\r\n--x--", b"a=b&" * 5000)
LEAKS = re.compile(
    rb"Traceback \(most|werkzeug|gunicorn|sqlalchemy|jinja2|/site-packages/|File \"|import os|argon2|"
    + SECRET_KEY.encode(),
    re.IGNORECASE,
)


def make_request(chance: random.Random, tokens: list[str]) -> bytes:
    """One request."""
    path = chance.choice(PATHS)
    if chance.random() < 0.2:
        path += chance.choice(("/", "%00", "?", ";x", "/..", "%2f", "é", "//"))
    if chance.random() < 0.6:
        pairs = [f"{chance.choice(NAMES)}={chance.choice(VALUES)}" for _ in range(chance.randint(1, 3))]
        path += "?" + "&".join(pairs)
    head = [f"{chance.choice(METHODS)} {path} HTTP/1.{chance.choice('0111')}"]
    headers = chance.sample(HEADERS, chance.randint(0, 3))
    if not any(header.startswith("Host") for header in headers) and chance.random() < 0.95:
        headers.append("Host: localhost")
    if chance.random() < 0.6:
        headers.append(f"Authorization: Bearer {chance.choice(tokens)}")
    body = chance.choice(BODIES)
    if not any(header.startswith(("Content-Length", "Transfer")) for header in headers):
        headers.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*head, *headers, "Connection: close", "", ""]).encode("latin-1") + body


def answer_to(port: int, request: bytes) -> bytes:
    """What comes back, of a stream its first bytes; empty when the connection was closed. Raises: TimeoutError."""
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S) as connection:
        received = b""
        try:
            connection.sendall(request)
            while data := connection.recv(65536):
                received += data
                if b"text/event-stream" in received or len(received) > 1_000_000:
                    break
        except (ConnectionResetError, BrokenPipeError):
            pass  # Refused before it was read to its end.
        return received


def fuzz(web: WebServer, count: int, *, seed: int = 1) -> tuple[list[str], Counter[int]]:
    """What was found, and how often each status was answered."""
    chance, found, statuses = random.Random(seed), [], Counter[int]()
    tokens = [web.tokens["super_admin"], web.tokens["viewer"], "zvm_x"]
    for number in range(count):
        request = make_request(chance, tokens)
        try:
            answer = answer_to(web.port, request)
        except TimeoutError:
            found.append(f"{number}: no answer to {request[:300]!r}")
            continue
        status = int(answer[9:12]) if answer[9:12].isdigit() else 0
        statuses[status] += 1
        is_health = re.match(rb"\w+ /(healthz|readyz)", request) is not None
        if status >= 500 and not (is_health and status == 503):
            found.append(f"{number}: {status} to {request[:300]!r}")
        if (leak := LEAKS.search(answer)) and b"/static/js/" not in request:
            found.append(f"{number}: {leak[0]!r} told to {request[:300]!r}")
    return found, statuses


def main(count: int) -> int:
    """Print what was found. Returns the exit code."""
    with RedisServer() as redis_server, WebServer(redis_server.url) as web:
        wait_until(lambda: web.get("/readyz", role=None).status == 200, 10)
        started_s = time.monotonic()
        seed = random.randrange(1_000_000)
        found, statuses = fuzz(web, count, seed=seed)
        took_s = time.monotonic() - started_s
        print(f"{count} requests (seed {seed}) in {took_s:.0f} s, answered {dict(sorted(statuses.items()))}")
    print("\n".join([*found[:50], f"{len(found)} found"]) if found else "nothing found")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
