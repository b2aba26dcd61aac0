"""How streams end, and how many there may be: limits, slow and lost viewers, logins and servers that end."""

import socket

import pytest

from app.accounts.audit import Audit
from store.database import make_engine
from store.samples.live import LiveStore, redis_client
from tests.builders import make_queue, next_sample
from tests.process import PATIENCE_S, wait_until
from tests.web import WebServer

pytestmark = pytest.mark.live


def test_a_user_who_opens_too_many_streams_loses_the_oldest(web):
    streams = []
    for _ in range(4):
        streams.append(web.stream())
        streams[-1].next("hello")

    assert streams[0].next("bye").json == {"reason": "replaced"}
    assert list(streams[0]) == []
    for stream in streams:
        stream.close()


def test_a_full_process_says_so_with_a_200_and_a_wait(redis_url):
    with WebServer(redis_url, MAX_STREAMS="1", MAX_STREAMS_PER_USER="5") as web, web.stream() as first:
        first.next("hello")
        with web.stream() as second:
            assert second.next("bye").json == {"reason": "full"}
            assert second.response.status == 200
            assert 10_000 <= second.retry_ms <= 30_000

        assert web.get("/healthz", role=None).status == 503


def test_a_viewer_who_left_makes_room_at_once(shared_redis, store):
    with WebServer(shared_redis.url, MAX_STREAMS="1") as web:
        wait_until(lambda: web.get("/readyz", role=None).status == 200, 10)
        for _ in range(5):
            with web.stream() as stream:
                stream.next("hello")
                store.append(next_sample())
                assert stream.next("system_stats")


def test_a_user_who_moves_from_host_to_host_keeps_the_other_window(web, store):
    with web.stream() as window:
        window.next("hosts")
        for _ in range(6):
            with web.stream("/stream?host=quiet") as stream:
                stream.next("hello")
        store.append(next_sample())

        assert next(event.type for event in window if event.type != "hosts") == "system_stats"


def test_a_viewer_who_never_reads_is_dropped_and_costs_the_others_nothing(web, store):
    stuck = socket.socket()
    stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    stuck.connect(("127.0.0.1", web.port))
    head = f"GET /stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {web.tokens['super_admin']}\r\n\r\n"
    stuck.sendall(head.encode())
    queues = tuple(make_queue(name=f"queue-{number}") for number in range(500))
    with web.stream() as stream, stuck:
        stream.next("hello")
        for _ in range(150):
            written = store.append(next_sample(queues=queues))
            assert stream.next("system_stats").id == written

        stuck.settimeout(PATIENCE_S)
        assert _read_to_the_end(stuck) < 150 * len(next_sample(queues=queues).to_json())


def _read_to_the_end(connection):
    total = 0
    try:
        while data := connection.recv(65536):
            total += len(data)
    except ConnectionResetError:
        pass
    return total


def test_a_server_that_ends_says_goodbye_and_when_to_come_back(redis_url):
    with WebServer(redis_url) as web, web.stream() as stream:
        stream.next("hello")
        web.terminate()

        assert stream.next("bye").json == {"reason": "shutdown"}
        assert 1000 <= stream.retry_ms <= 8000
        assert list(stream) == []
        web.wait()
        engine = make_engine(web.database_url)
        told = [(event.kind, event.detail) for event in Audit(engine, keep_s=60).read()]
        engine.dispose()

    assert told[:2] == [("stream_closed", "shutdown"), ("stream_opened", "token")]


def test_a_stream_ends_when_its_token_is_revoked_and_no_other_does(redis_url):
    with WebServer(redis_url) as web, web.stream() as kept:
        kept.next("hosts")
        token_id, token = web.accounts.tokens.create("admin@example.org")
        web.tokens["super_admin"], first = token, web.tokens["super_admin"]
        with web.stream() as revoked:
            revoked.next("hosts")
            web.accounts.tokens.revoke(token_id)

            assert revoked.next("bye").json == {"reason": "revoked"}
            assert list(revoked) == []
        web.tokens["super_admin"] = first
        with redis_client(redis_url) as client:
            written = LiveStore(client).append(next_sample())
        assert kept.next("system_stats").id == written
