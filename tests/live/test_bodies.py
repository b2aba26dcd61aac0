"""Clients that never finish what they say."""

import socket

import pytest

from tests.web import WebServer

pytestmark = pytest.mark.live


def test_a_body_that_trickles_in_is_given_up(redis_url):
    form = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 60000\r\n"
    head = b"POST /login HTTP/1.1\r\nHost: x\r\n" + form + b"\r\n"
    with WebServer(redis_url) as web:
        with socket.create_connection(("127.0.0.1", web.port), timeout=15) as slow:
            slow.sendall(head + b"email=")
            answer = slow.recv(65536)

        assert answer.startswith(b"HTTP/1.1 408 ")
        assert web.get("/livez", role=None).status == 200
