"""Every stream waits to be admitted, once, however its path is spelled and its request comes: on the real worker."""

import http.client
import socket
import sys

import pytest

from tests.services import RedisServer, wait_until
from tests.web import ROOT, WebServer

pytestmark = pytest.mark.live

CONF = f"""
from pathlib import Path
exec(Path({str(ROOT / "gunicorn.conf.py")!r}).read_text())
begin = post_worker_init


def post_worker_init(worker):
    begin(worker)
    from app.server.admission import Admission
    wait = Admission._wait

    def tell(admission):
        wait(admission)
        print("a stream is admitted", flush=True)

    Admission._wait = tell
"""

SPELLINGS = (
    "/stream", "/stream?host=a", "//stream", "///stream", "/%73tream", "/strea%6D", "/%2fstream", "/%2F%2f%73%74ream?x",
    "http://x/stream", "/stream/", "//stream/", "/stream//", "/./stream", "/x/../stream", "/stream%2f", "/stream#f",
    "/stream;a", "/STREAM", "/stream%00", "/stream%20", "/%2573tream", "/stream%3f",
)  # fmt: skip


class TellingServer(WebServer):
    """Writes into its log that it admits a stream."""

    def start(self) -> None:
        conf = self.directory / "conf.py"
        conf.write_text(CONF)
        command = [sys.executable, "-m", "gunicorn", "-c", str(conf), "--graceful-timeout", "3", "app:create_app()"]
        self._run(command, {**self.environ, "PYTHONUNBUFFERED": "1"})

    def admitted(self) -> int:
        return self.log.read_text().count("a stream is admitted")


@pytest.fixture(scope="module")
def web():
    with RedisServer() as server, TellingServer(server.url, MAX_STREAMS_PER_USER="100") as web:
        wait_until(lambda: web.get("/readyz", role=None).status == 200, 10)
        yield web


def ask(web, sent: bytes) -> tuple[bytes, list[bytes]]:
    """The status and the head of the answer."""
    head = b""
    with socket.create_connection(("127.0.0.1", web.port), timeout=60) as connection:
        connection.sendall(sent)
        while b"\r\n\r\n" not in head:
            data = connection.recv(65536)
            assert data, head
            head += data
    status, *headers = head.partition(b"\r\n\r\n")[0].split(b"\r\n")
    return status.split()[1], headers


def request(web, path: str) -> bytes:
    bearer = web.bearer("super_admin")["Authorization"]
    return f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {bearer}\r\n\r\n".encode()


@pytest.mark.parametrize("path", SPELLINGS)
def test_a_stream_is_admitted_once_however_it_is_spelled(web, path):
    before = web.admitted()

    status, headers = ask(web, request(web, path))

    is_stream = b"Content-Type: text/event-stream; charset=utf-8" in headers
    assert is_stream == (status == b"200")
    assert (b"Connection: close" in headers) == is_stream
    assert web.admitted() - before == is_stream


def test_a_stream_that_is_not_a_connections_first_request_is_admitted_too(web):
    before = web.admitted()
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=60)
    connection.request("GET", "/livez")
    connection.getresponse().read()
    connection.request("GET", "/stream", headers=web.bearer("super_admin"))
    answer = connection.getresponse()

    assert (answer.status, answer.headers["Connection"], web.admitted() - before) == (200, "close", 1)
    answer.close()
    connection.close()


def test_a_stream_whose_request_comes_in_pieces_is_admitted_too(web):
    before, whole = web.admitted(), request(web, "/stream")
    with socket.create_connection(("127.0.0.1", web.port), timeout=60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(whole[:5])
        answer = http.client.HTTPConnection("127.0.0.1", web.port, timeout=60)
        answer.request("GET", "/livez")  # Answered after the piece was looked at: both came to one accepting loop.
        assert answer.getresponse().read() is not None
        answer.close()
        connection.sendall(whole[5:])
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")

    assert web.admitted() - before == 1


@pytest.mark.parametrize("spelling", ["/monitor", "//monitor", "/%6donitor"])
def test_an_error_of_a_page_is_a_page_however_it_is_spelled(web, spelling):
    assert web.get(spelling, role="viewer").headers["Content-Type"].startswith("text/html")
