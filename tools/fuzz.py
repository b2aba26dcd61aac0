"""Made-up requests at every address of a running panel: `python -m tools.fuzz 100000`, `make fuzz N=100000`.

None may be answered by a 5xx (but for 503, of health without samples and of a provider who is away), by something that
tells of the inside, or not at all. Raw bytes on a socket, so that what no client library would send is sent as well;
seeded, so that a finding repeats.
"""

import random
import re
import socket
import sys
import time
from collections import Counter

from app import create_app
from app.accounts.tokens import TokenScope
from settings import load_settings
from tests.logins import EMAIL, PASSWORD, HttpBrowser, open_session
from tests.services import RedisServer, wait_until
from tests.web import SECRET_KEY, WebServer

DEADLINE_S = 10.0
"""Longest wait for an answer: a body that never comes is given 5 s."""

ODD_PATHS = (
    "/api/hosts/web-1", "/static/js/main.js", "/static/", "/static/../Makefile", "/static/%2e%2e/Makefile",
    "/static/0123456789ab/js/main.js", "/api/", "/nothing", "//evil.test", "*",
)  # fmt: skip
METHODS = ("GET", "POST", "HEAD", "DELETE", "PUT", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get", "X")
NAMES = (
    "host",
    "since",
    "until",
    "after",
    "before",
    "next",
    "level",
    "query",
    "range",
    "email",
    "who",
    "group",
    "done",
)
VALUES = (
    "", "0", "-1", "1e400", "nan", "1700000000", "9" * 30, "web-1", "%00", "%0d%0aX-A:b", "%ff%fe", "%F0%9F%92%A5",
    "..", "%2e%2e%2f", "<script>", "'--", "${7*7}", "{{7*7}}", "5-0", "1-1-1", "%u0041", "[]", "true", "null",
    "admin@example.org", "__proto__", "A" * 3000,
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
BODIES = (
    b"", b"", b"{}", b"[1", b"email=a%40b.c&password=x", b"\xff" * 300, b"--x\r\n\r\n--x--", b"a=b&" * 5000,
    b'{"service":"x","level":"critical","message":"m"}', b'[{"service":[],"level":{},"message":1e400}]', b"[" * 9000,
    b'{"token":"a.b.c"}', b'{"token":["a"]}', b'{"__proto__":{"x":1}}',
)  # fmt: skip
SIZES = (b"%x\r\n", b"%x\r\n", b"+%x\r\n", b"0x%x\r\n", b"%d;a\n")
"""What a chunk begins with."""
FIELDS = (
    "email", "password", "next", "code", "enrolment", "action", "token", "csrf_token", "current", "new", "again", "end",
    "revoke", "tokens",
)  # fmt: skip
ALL_WAYS = {
    "TRUSTED_PROXIES": "1",
    "MONITOR_OIDC_ISSUER": "http://127.0.0.1:1",  # Where nobody answers.
    "MONITOR_OIDC_CLIENT_ID": "monitor",
    "MONITOR_OIDC_REDIRECT_URL": "http://localhost/login/oidc/callback",
    "MONITOR_JWT_ISSUER": "zapvoice",
    "MONITOR_JWT_ALGORITHM": "HS256",
    "MONITOR_JWT_KEY": "a secret of the backend that is long enough",
}
"""Settings under which every address there is exists."""
LEAKS = re.compile(
    rb"Traceback \(most|[Ww]erkzeug|[Gg]unicorn|(?:sqla|SQLA)lchemy|[Jj]inja2|/site-packages/|File \"|import os|"
    rb"argon2|" + SECRET_KEY.encode()
)
"""Not in any case: the letters of a form's token, which are random, are "JiNjA2" once in so many thousand pages."""


def addresses() -> list[tuple[str, str]]:
    """Path and method of all that the panel answers with all ways in, and some paths that are none."""
    app = create_app(load_settings({"SECRET_KEY": SECRET_KEY, **ALL_WAYS}))
    found = [(path, "GET") for path in ODD_PATHS]
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<[^>]+>", "x", re.sub(r"<digest:digest>/?", "", str(rule)))
        found += [(path, method) for method in sorted(rule.methods or ())]
    return sorted(found)


class Signed:
    """The cookies and the form's token of a browser that is signed in; a logout among the requests ends it."""

    RENEWED_EVERY = 200

    def __init__(self, web: WebServer) -> None:
        self._web = web
        self._asked = 0
        self._headers: list[str] = []

    def headers(self) -> list[str]:
        """Those of a request that comes from it."""
        if self._asked % self.RENEWED_EVERY == 0:
            session = open_session(self._web.accounts, EMAIL, PASSWORD)
            browser = HttpBrowser(self._web.port)
            browser.open("/login")
            cookies = browser.headers["Cookie"]
            self._headers = [f"Cookie: {cookies}; monitor_session={session}", f"X-CSRFToken: {browser.token}"]
        self._asked += 1
        return self._headers


def make_form(chance: random.Random) -> bytes:
    """The body of a form, whatever it is for."""
    pairs = [f"{chance.choice(FIELDS)}={chance.choice(VALUES)}" for _ in range(chance.randint(1, 4))]
    return "&".join(pairs).encode()


def make_request(chance: random.Random, known: list[tuple[str, str]], tokens: list[str], signed: list[str]) -> bytes:
    """One request. `known`: what there is to ask for; `signed`: the headers of a browser that is signed in."""
    path, method = chance.choice(known)
    if chance.random() < 0.3:
        method = chance.choice(METHODS)
    if chance.random() < 0.2:
        path += chance.choice(("/", "%00", "?", ";x", "/..", "%2f", "é", "//"))
    if chance.random() < 0.6:
        pairs = [f"{chance.choice(NAMES)}={chance.choice(VALUES)}" for _ in range(chance.randint(1, 3))]
        path += "?" + "&".join(pairs)
    head = [f"{method} {path} HTTP/1.{chance.choice('0111')}"]
    headers = chance.sample(HEADERS, chance.choice((0, 0, 1, 2, 3)))
    if not any(header.startswith("Host") for header in headers) and chance.random() < 0.95:
        headers.append("Host: localhost")
    body = chance.choice(BODIES)
    who = chance.random()
    if who < 0.45:
        headers.append(f"Authorization: Bearer {chance.choice(tokens)}")
    elif who < 0.75:
        headers += [*signed, f"X-Forwarded-For: 10.{chance.randrange(256)}.{chance.randrange(256)}.1"]
    if chance.random() < 0.3:
        body = make_form(chance)
        headers.append("Content-Type: application/x-www-form-urlencoded")
    if not any(header.startswith(("Content-Length", "Transfer")) for header in headers):
        if chance.random() < 0.1:
            headers.append("Transfer-Encoding: chunked")
            body = chance.choice(SIZES) % len(body) + body + chance.choice((b"\r\n0\r\n\r\n", b"0\r\nx\r\n\r\n"))
        else:
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
    chance, found, statuses, known, signed = random.Random(seed), [], Counter[int](), addresses(), Signed(web)
    logs = web.accounts.tokens.create(EMAIL, TokenScope.LOGS)[1]
    tokens = [web.tokens["super_admin"], web.tokens["viewer"], logs, "zvm_x"]
    for number in range(count):
        request = make_request(chance, known, tokens, signed.headers())
        try:
            answer = answer_to(web.port, request)
        except TimeoutError:
            found.append(f"{number}: no answer to {request[:300]!r}")
            continue
        status = int(answer[9:12]) if answer[9:12].isdigit() else 0
        statuses[status] += 1
        may_be_away = re.match(rb"\w+ /(healthz|readyz|login/oidc)", request) is not None
        if status >= 500 and not (may_be_away and status == 503):
            found.append(f"{number}: {status} to {request[:300]!r}")
        if (leak := LEAKS.search(answer)) and b"/static/js/" not in request:
            found.append(f"{number}: {leak[0]!r} told to {request[:300]!r}")
    return found, statuses


def main(count: int) -> int:
    """Print what was found. Returns the exit code."""
    with RedisServer() as redis_server, WebServer(redis_server.url, **ALL_WAYS) as web:
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
