"""What a client may say about itself and is not believed: real gunicorn, asked by the very machine it runs on."""

import http.client
import re
import socket

import pytest

from tests.services import RedisServer
from tests.web import WebServer

pytestmark = pytest.mark.live

CHANGERS = {
    "SCRIPT_NAME": "/x",
    "Script-Name": "/x",
    "script_name": "//evil.test",
    "PATH_INFO": "/healthz",
    "Path-Info": "/healthz",
    "REMOTE_USER": "admin@example.org",
    "Remote-User": "admin@example.org",
    "REMOTE_ADDR": "203.0.113.7",
    "AUTH_TYPE": "Basic",
    "X-Remote-User": "admin@example.org",
    "X-Forwarded-User": "admin@example.org",
    "X-Auth-Request-Email": "admin@example.org",
    "HTTP_AUTHORIZATION": "Bearer x",
    "HTTPS": "on",
    "QUERY_STRING": "next=/evil",
    "REQUEST_METHOD": "POST",
    "REQUEST_URI": "/healthz",
    "RAW_URI": "/healthz",
    "SERVER_NAME": "evil.test",
    "wsgi.url_scheme": "https",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Protocol": "ssl",
    "X-Forwarded-Ssl": "on",
    "X-Forwarded-Scheme": "https",
    "X-Scheme": "https",
    "Front-End-Https": "on",
    "X-Forwarded-Host": "evil.test",
    "X-Forwarded-Server": "evil.test",
    "X-Forwarded-Port": "1",
    "X-Forwarded-Prefix": "//evil.test",
    "X-Script-Name": "/x",
    "X-Original-URL": "/healthz",
    "X-Rewrite-URL": "/healthz",
    "X-Host": "evil.test",
    "Forwarded": "for=203.0.113.7;host=evil.test;proto=https",
    "X-Real-IP": "203.0.113.7",
    "X-Client-IP": "203.0.113.7",
    "X-Cluster-Client-IP": "203.0.113.7",
    "True-Client-IP": "203.0.113.7",
    "CF-Connecting-IP": "203.0.113.7",
    "X-Forwarded-For": "203.0.113.7",
    "X_FORWARDED_FOR": "203.0.113.7",
    "X-HTTP-Method-Override": "DELETE",
    "X-Method-Override": "DELETE",
    "X-Sendfile-Type": "X-Accel-Redirect",
    "X-Accel-Redirect": "/healthz",
    "Upgrade": "h2c",
    "HTTP2-Settings": "AAMAAABkAAQAAP__",
    "Proxy": "http://evil.test",
}
"""Headers by which servers, frameworks and proxies let another program say what a request is."""

ASKED = (("GET", "/monitor"), ("GET", "/login?next=/a"), ("GET", "/x/monitor"), ("GET", "//evil.test/monitor"),
         ("GET", "/nothing"), ("POST", "/login"), ("GET", "/api/hosts"), ("GET", "/stream"))  # fmt: skip


@pytest.fixture(scope="module", params=["0", "1"], ids=["no proxy", "behind one"])
def web(request):
    with RedisServer() as server, WebServer(server.url, TRUSTED_PROXIES=request.param) as web:
        yield web


def ask(web, method, path, headers):
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=60)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        told = {name: value for name, value in answer.getheaders() if name not in ("Date", "Set-Cookie")}
        body = re.sub(rb'value="[^"]*"', b"", answer.read())
        return answer.status, told, body
    finally:
        connection.close()


def test_no_header_of_a_client_changes_what_its_request_is(web):
    changed = {
        (name, path): answer[:2]
        for method, path in ASKED
        for plain in [ask(web, method, path, {})]
        for name, value in CHANGERS.items()
        if (answer := ask(web, method, path, {name: value})) != plain
    }

    assert changed == {}
    assert b"Traceback" not in web.log.read_bytes()


def test_what_comes_before_the_request_as_a_proxys_word_is_no_request(web):
    for preface in (
        b"PROXY TCP4 203.0.113.7 192.0.2.1 1 80\r\n",
        b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c" + b"\x01" * 12,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", web.port), timeout=60) as connection:
            connection.sendall(preface + b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            answered = b""
            try:
                while data := connection.recv(65536):
                    answered += data
            except ConnectionResetError:
                pass
        assert not answered.startswith(b"HTTP/1.1 200"), preface


def test_an_environment_that_trusts_everybody_is_not_believed_either(redis_server):
    with WebServer(redis_server.url, FORWARDED_ALLOW_IPS="*", SCRIPT_NAME="") as web:
        for headers in ({"SCRIPT_NAME": "/monitor"}, {"X-Forwarded-Proto": "https"}):
            assert ask(web, "GET", "/monitor", headers) == ask(web, "GET", "/monitor", {})


def test_no_answer_tells_a_version_of_what_the_panel_is_made_of(web):
    for sent in (
        b"GET /livez HTTP/1.1\r\nHost: x",
        b"GET /nothing HTTP/1.1\r\nHost: x",
        b"GET / HTTP/9.9",
        b"no request",
    ):
        with socket.create_connection(("127.0.0.1", web.port), timeout=60) as connection:
            connection.sendall(sent + b"\r\nConnection: close\r\n\r\n")
            answered = b"".join(iter(lambda: connection.recv(65536), b""))
        assert answered.startswith(b"HTTP/1.1 "), sent
        assert not re.search(rb"(?i)(gunicorn|python|werkzeug|flask|gevent)/?[ 0-9]", answered), answered
