"""Clients that never finish what they say, say too much, or say it so that two could read it in two ways."""

import socket

import pytest

from app.accounts.tokens import TokenScope
from tests.process import PATIENCE_S
from tests.web import WebServer

pytestmark = pytest.mark.live

LINE = b'{"service":"x","level":"critical","message":"%s"}' % (b"m" * 300)
NEXT = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def web(redis_server):
    with WebServer(redis_server.url) as web:
        yield web


def statuses_of(web, request: bytes) -> list[bytes]:
    """The status of each answer on a connection on which that was sent, until it was closed."""
    received = b""
    with socket.create_connection(("127.0.0.1", web.port), timeout=PATIENCE_S) as connection:
        connection.sendall(request)
        try:
            while data := connection.recv(65536):
                received += data
        except ConnectionResetError:
            pass  # Refused before it was read to its end.
    return [part[:3] for part in received.split(b"HTTP/1.1 ")[1:]]


def post(*headers: bytes, path: bytes = b"/login") -> bytes:
    return b"\r\n".join([b"POST " + path + b" HTTP/1.1", b"Host: x", *headers, b"", b""])


def in_chunks(body: bytes) -> bytes:
    parts = (body[start : start + 16384] for start in range(0, len(body), 16384))
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def test_a_head_or_a_body_that_trickles_in_is_given_up(web):
    form = post(b"Content-Type: application/x-www-form-urlencoded", b"Content-Length: 60000")
    with (
        socket.create_connection(("127.0.0.1", web.port), timeout=PATIENCE_S) as slow,
        socket.create_connection(("127.0.0.1", web.port), timeout=PATIENCE_S) as slower,
    ):
        slow.sendall(form + b"email=")
        slower.sendall(b"GET /livez HTTP/1.1\r\nHost:")

        assert slow.recv(65536).startswith(b"HTTP/1.1 408 ")
        assert slower.recv(65536) == b""

    assert web.get("/livez", role=None).status == 200


@pytest.mark.parametrize(
    "chunks",
    [b"+5\r\nabcde\r\n0\r\n\r\n", b"0x5\r\nabcde\r\n0\r\n\r\n", b"5\r\nabcdeXX0\r\n\r\n", b"5;a\nabcde\r\n0\r\n\r\n",
     b"\r\n\r\n", b"0\r\nno header\r\n\r\n", b"0\r\nX: " + b"y" * 9000 + b"\r\n\r\n"],
    ids=["signed", "prefixed", "unended", "line feed", "empty", "trailer", "long trailer"],
)  # fmt: skip
def test_a_body_in_chunks_that_are_none_is_the_senders_fault_and_the_last_on_its_connection(web, chunks):
    answered = statuses_of(web, post(b"Transfer-Encoding: chunked") + chunks + NEXT)

    assert answered[:1] == [b"400"]
    assert set(answered) <= {b"400"}
    assert b"Traceback" not in web.log.read_bytes()


def test_a_body_is_as_short_in_chunks_as_in_one_piece(web):
    token = web.accounts.tokens.create("admin@example.org", TokenScope.LOGS)[1].encode()
    head = (b"Authorization: Bearer " + token, b"Content-Type: application/json", b"Connection: close")
    chunked = post(*head, b"Transfer-Encoding: chunked", path=b"/api/logs")
    short, long = (b"[" + b",".join([LINE] * count) + b"]" for count in (50, 200))

    assert statuses_of(web, chunked + in_chunks(short)) == [b"202"]
    assert statuses_of(web, chunked + in_chunks(long)) == [b"413"]
    assert statuses_of(web, post(*head, b"Content-Length: %d" % len(long), path=b"/api/logs") + long) == [b"413"]


@pytest.mark.parametrize(
    "headers",
    [
        [b"Content-Length: 5", b"Transfer-Encoding: chunked"],
        [b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"],
        [b"Transfer-Encoding: chunked, identity"],
        [b"Transfer-Encoding: xchunked"],
        [b"Transfer-Encoding : chunked"],
        [b"Transfer-Encoding: identity", b"Content-Length: 5"],
        [b"Content-Length: 0", b"Content-Length: 5"],
        [b"Content-Length: 0, 5"],
        [b"Content-Length: +5"],
        [b"Content-Length: 0_5"],
        [b"X: a", b" Content-Length: 5"],
        [b"X: a\rContent-Length: 5"],
        [b"X: a\0b", b"Content-Length: 5"],
        [b"X: a\nContent-Length: 5"],
    ],
    ids=lambda headers: b", ".join(headers).decode().translate({0: "NUL", 10: "LF", 13: "CR"}),
)
def test_a_message_whose_end_could_be_read_in_two_ways_is_refused_and_nothing_after_it_is_read(web, headers):
    assert statuses_of(web, post(*headers) + b"0\r\n\r\n" + NEXT) in ([b"400"], [b"501"])
