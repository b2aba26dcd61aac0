"""Who is let in stays in only for as long as they may: real gunicorn, real sockets, every way of losing access."""

import selectors
import socket
import urllib.request

import pytest

from app.accounts.accounts import Accounts
from app.accounts.principals import Role
from app.live import access_watch as access
from store.access_changes import AccessChanges
from store.database import make_engine
from store.samples.live import redis_client
from tests.builders import make_sample
from tests.logins import EMAIL, PASSWORD, HttpBrowser
from tests.process import PATIENCE_S
from tests.services import PostgresServer, wait_until
from tests.web import EventStream, WebServer

pytestmark = pytest.mark.live

USERS, STREAMS_EACH = 10, 20


@pytest.fixture(scope="module")
def web(shared_redis):
    """It asks of its own accord once an hour: what ends a stream is that it was told."""
    limits = {"MAX_STREAMS_PER_USER": str(STREAMS_EACH), "MAX_SESSIONS_PER_USER": "2"}
    with WebServer(shared_redis.url, {"app.live.access_watch.CHECK_S": 3600.0}, **limits) as server:
        wait_until(lambda: server.get("/readyz", role=None).status == 200)
        yield server


@pytest.fixture(scope="module")
def operator(web, shared_redis):
    """The accounts as the operator's commands have them: in another process, by the same database and Redis."""
    client = redis_client(shared_redis.url)
    engine = make_engine(web.environ["DATABASE_URL"])
    yield Accounts(engine, announce=AccessChanges(client, client).announce)
    engine.dispose()
    client.close()


class Browser(HttpBrowser):
    """A login by the form, with its cookies."""

    def __init__(self, web, email=EMAIL):
        super().__init__(web.port)
        self._url = web.url
        assert self.log_in(email).status == 303
        self.open("/monitor")

    def stream(self):
        request = urllib.request.Request(f"{self._url}/stream", headers=self.headers)
        stream = EventStream(urllib.request.urlopen(request, timeout=PATIENCE_S), PATIENCE_S)
        stream.next("hosts")
        return stream


def open_raw(web, token):
    connection = socket.create_connection(("127.0.0.1", web.port), timeout=PATIENCE_S)
    connection.sendall(f"GET /stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
    received = b""
    while b"event: hosts" not in received:
        received += connection.recv(65536)
    return connection


def read_until(connections, mark):
    """Those of `connections` whose next bytes hold `mark`."""
    received = dict.fromkeys(connections, b"")
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection, selectors.EVENT_READ)
        while selector.get_map() and (ready := selector.select(PATIENCE_S)):
            for key, _ in ready:
                data = key.fileobj.recv(65536)
                received[key.fileobj] += data
                if mark in received[key.fileobj] or not data:
                    selector.unregister(key.fileobj)
    return {connection for connection, data in received.items() if mark in data}


def test_of_two_hundred_streams_a_demotion_ends_those_of_that_user_as_soon_as_it_is_told(web, operator, store):
    streams = {}
    for number in range(USERS):
        email = f"user-{number}@example.org"
        operator.create_user(email, PASSWORD, Role.SUPER_ADMIN)
        token = operator.tokens.create(email)[1]
        streams[email] = [open_raw(web, token) for _ in range(STREAMS_EACH)]
    demoted = set(streams.pop("user-3@example.org"))
    others = {connection for connections in streams.values() for connection in connections}

    operator.set_role("user-3@example.org", Role.VIEWER)

    assert read_until(demoted, b'event: bye\ndata: {"reason":"revoked"}') == demoted
    store.append(make_sample(slot=1))
    assert read_until(others, b"event: system_stats") == others
    for connection in demoted | others:
        connection.close()


def test_every_way_of_losing_access_ends_the_streams_at_once_and_no_other(web, operator, store):
    another = "another long password"

    def by_page(elsewhere, form, **fields):
        assert elsewhere.send(f"/account/{form}", **fields).status == 303

    kept = web.stream()
    kept.next("hosts")
    ways = {
        "password": lambda email, *_: operator.set_password(email, another),
        "disabled": lambda email, *_: operator.disable_user(email),
        "session": lambda email, *_: operator.sessions.revoke(operator.sessions.list(email)[0].id),
        "sessions": lambda email, *_: operator.sessions.revoke_all(email),
        "logout": lambda _, browser, __: browser.send("/logout"),
        "own-password": lambda *who: by_page(who[2], "password", current=PASSWORD, new=another, again=another),
        "own-sessions": lambda *who: by_page(who[2], "sessions", end="others", password=PASSWORD),
        "too-many": lambda email, *_: Browser(web, email),
    }
    for way, lose in ways.items():
        email = f"{way}@example.org"
        operator.create_user(email, PASSWORD, Role.SUPER_ADMIN)
        elsewhere = Browser(web, email) if way.startswith("own-") else None
        browser = Browser(web, email)
        if way == "too-many":
            Browser(web, email)
        with browser.stream() as stream:
            lose(email, browser, elsewhere)
            assert stream.next("bye").json == {"reason": "revoked"}
            assert list(stream) == []
        assert browser.ask("GET", "/stream").status == 401

    store.append(make_sample(slot=2))
    assert kept.next("system_stats")
    kept.close()


def test_a_logout_ends_the_streams_of_its_own_session_alone(web, store):
    here, there = Browser(web), Browser(web)
    with here.stream() as first, here.stream() as second, there.stream() as other:
        assert here.send("/logout").status == 303

        assert first.next("bye").json == second.next("bye").json == {"reason": "revoked"}
        store.append(make_sample(slot=3))
        assert next(event.type for event in other if event.type != "hosts") == "system_stats"


def test_who_is_not_told_finds_out_by_asking_every_few_seconds(shared_redis):
    with WebServer(shared_redis.url) as web, Browser(web).stream() as stream:
        assert web.accounts.sessions.revoke_all(EMAIL) >= 1

        assert stream.next("bye").json == {"reason": "revoked"}

    assert access.CHECK_S < 3, "docs/operations.md says 3 s"


def test_accounts_that_do_not_answer_end_every_stream_and_say_why(shared_redis):
    with PostgresServer() as postgres, WebServer(shared_redis.url, DATABASE_URL=postgres.url) as web:
        wait_until(lambda: web.get("/readyz", role=None).status == 200)
        with web.stream() as stream:
            stream.next("hosts")
            postgres.kill9()

            assert stream.next("bye").json == {"reason": "unverified"}
            assert list(stream) == []
        answer = web.get("/stream")
        assert (answer.status, answer.json["code"]) == (503, "access_unknown")
        postgres.start()
        wait_until(lambda: web.get("/api/me").status == 200)


def test_a_stream_is_sent_round_and_an_idle_login_ends_though_its_page_goes_on_asking(shared_redis):
    with WebServer(shared_redis.url, MAX_STREAM_MINUTES="0.05", SESSION_IDLE_MINUTES="1") as web:
        with web.stream() as stream:
            assert stream.next("bye").json == {"reason": "rotate"}
            assert 100 <= stream.retry_ms <= 1000
        idle = Browser(web)
        with idle.stream() as stream:
            web.set_back_sessions(55)
            used = Browser(web)  # Begun now: it has the whole minute, however busy the machine.

            def has_ended():
                assert used.send("/api/me/seen").status == 204
                return idle.ask("GET", "/api/me").status == 401

            wait_until(has_ended)
            assert stream.next("bye")  # Of its age or its login, whichever came first: both are seconds here.
        assert used.ask("GET", "/api/me").status == 200
        assert used.ask("POST", "/api/me/seen").status == 400
