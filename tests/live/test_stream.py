"""The stream as viewers get it: real gunicorn, real Redis, real sockets."""

import socket

import pytest

from app.live import hub
from settings import VERSION
from tests.builders import make_queue, next_sample
from tests.process import PATIENCE_S
from tests.web import WebServer, refused

pytestmark = pytest.mark.live


def test_the_stream_opens_before_there_is_any_sample(redis_url):
    with WebServer(redis_url) as web, web.stream() as stream:
        hello = stream.next("hello").json

    assert (hello["version"], hello["interval_s"], hello["age_s"]) == (VERSION, 3.0, None)
    assert stream.comments == ["zapvoice-monitor"]
    assert 1000 <= stream.retry_ms <= 4000
    headers = stream.response.headers
    assert headers["Content-Type"].startswith("text/event-stream")
    assert (headers["X-Accel-Buffering"], headers["Cache-Control"]) == ("no", "no-cache, no-transform")


def test_samples_arrive_as_the_bytes_that_were_written_under_their_stream_ids(web, store):
    with web.stream() as stream:
        stream.next("hello")
        samples = [next_sample() for _ in range(3)]
        ids = [store.append(sample) for sample in samples]

        events = [stream.next("system_stats") for _ in samples]

    assert [event.id for event in events] == ids
    assert [event.data.encode() for event in events] == [sample.to_json() for sample in samples]


@pytest.mark.parametrize("by", ["header", "query"])
def test_a_viewer_who_comes_back_misses_nothing_and_gets_nothing_twice(web, store, by):
    with web.stream() as stream:
        stream.next("hello")
        first = store.append(next_sample())
        assert stream.next("system_stats").id == first
    missed = [store.append(next_sample()) for _ in range(2)]

    with web.stream(f"/stream?after={first}") if by == "query" else web.stream(**{"Last-Event-ID": first}) as stream:
        later = store.append(next_sample())
        got = [stream.next("system_stats").id for _ in range(3)]

    assert got == [*missed, later]


def test_a_cursor_that_is_no_longer_held_is_told_to_reset_and_live_events_follow(web, store):
    store.append(next_sample())
    with web.stream("/stream?after=5-0") as stream:
        assert list(stream.next("reset").json) == ["now"]
        live = store.append(next_sample())
        ids = {stream.next("system_stats").id}
        if live not in ids:  # The first sample may have been on its way still.
            ids.add(stream.next("system_stats").id)

    assert live in ids


@pytest.mark.parametrize("cursor", ["x", "1-2-3", "-1-0", "1", "%0a1-0", "9" * 21 + "-0", "١-٠"])
def test_a_cursor_that_is_no_id_is_a_bad_request(web, cursor):
    from urllib.parse import quote

    answer = refused(lambda: web.stream(f"/stream?after={quote(cursor, safe='%')}"))

    assert (answer.status, answer.json["code"]) == (400, "bad_request")


def test_who_missed_more_than_can_be_replayed_is_told_to_reset_and_goes_on(web, store):
    queues = tuple(make_queue(name=f"queue-{number}") for number in range(500))
    with web.stream() as stream:
        stream.next("hosts")
        first = store.append(next_sample(queues=queues))
        for _ in range(10):
            written = store.append(next_sample(queues=queues))
            while stream.next("system_stats").id != written:
                pass

    with web.stream(f"/stream?after={first}") as stream:
        assert list(stream.next("reset").json) == ["now"]
        live = store.append(next_sample())
        assert stream.next("system_stats").id == live


def test_who_is_not_a_super_admin_gets_no_byte_of_the_stream(web):
    anonymous, viewer = web.get("/stream", role=None), web.get("/stream", role="viewer")

    assert (anonymous.status, anonymous.json["code"]) == (401, "unauthorized")
    assert (viewer.status, viewer.json["code"]) == (403, "forbidden")


def test_an_http_1_0_client_gets_the_stream_without_chunks(web, store):
    with socket.create_connection(("127.0.0.1", web.port), timeout=PATIENCE_S) as connection:
        connection.sendall(
            f"GET /stream HTTP/1.0\r\nAuthorization: Bearer {web.tokens['super_admin']}\r\n\r\n".encode()
        )
        received = b""
        while b"event: hello" not in received:
            received += connection.recv(65536)
        sample = next_sample()
        store.append(sample)
        while b"system_stats" not in received or not received.endswith(b"\n\n"):
            received += connection.recv(65536)

    assert received.split(b"\r\n\r\n", 1)[1].startswith(b"retry: ")
    assert b"data: " + sample.to_json() + b"\n\n" in received


def test_a_viewer_may_ask_for_some_hosts_alone(web, store):
    with web.stream("/stream?host=web-2&host=web-3") as stream:
        stream.next("hello")
        store.append(next_sample(host="web-1"))
        wanted = [store.append(next_sample(host=host)) for host in ("web-2", "web-3")]

        assert [stream.next("system_stats").id for _ in wanted] == wanted


def test_a_quiet_stream_carries_a_heartbeat_before_proxies_lose_patience(redis_url):
    with WebServer(redis_url, {"app.live.hub.HEARTBEAT_S": 1.0}) as web, web.stream() as stream:
        stream.next("hosts")
        while stream.response.readline() != b": \n":
            pass

    assert hub.HEARTBEAT_S <= 15, "many proxies cut what is silent for 30 s"
