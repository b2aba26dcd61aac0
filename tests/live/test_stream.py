"""The stream as viewers get it: real gunicorn, real Redis, real sockets."""

import itertools
import json
import socket
import time

import pytest

from collector.store import keys
from collector.store.live import LiveStore, redis_client
from tests.builders import make_queue, make_sample
from tests.services import RedisServer, wait_until
from tests.web import WebServer, refused

pytestmark = pytest.mark.live


SLOTS = itertools.count()


def next_sample(**overrides):
    """A sample whose slot no test has used: the tests share one web process and its Redis."""
    return make_sample(slot=next(SLOTS), **overrides)


@pytest.fixture(scope="module")
def shared_redis():
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="module")
def web(shared_redis):
    with WebServer(shared_redis.url, MAX_STREAMS="6", MAX_STREAMS_PER_USER="3") as server:
        wait_until(lambda: server.get("/readyz", role=None).status == 200, 10)
        yield server


@pytest.fixture
def client(shared_redis):
    with redis_client(shared_redis.url) as client:
        yield client


@pytest.fixture
def store(client):
    return LiveStore(client)


def test_the_stream_opens_before_there_is_any_sample(redis_url):
    with WebServer(redis_url) as web, web.stream() as stream:
        hello = stream.next("hello").json

    assert (hello["version"], hello["interval_s"], hello["age_s"]) == ("1.7.0", 3.0, None)
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
        assert stream.next("reset").json == {}
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


def test_who_is_not_a_super_admin_gets_no_byte_of_the_stream(web):
    anonymous, viewer = web.get("/stream", role=None), web.get("/stream", role="viewer")

    assert (anonymous.status, anonymous.json["code"]) == (401, "unauthorized")
    assert (viewer.status, viewer.json["code"]) == (403, "forbidden")


def test_poison_in_the_stream_is_skipped(web, store, client):
    with web.stream() as stream:
        stream.next("hello")
        client.xadd(keys.SAMPLES, {"host": "x", "sample": b"\xff\x00"})
        client.xadd(keys.SAMPLES, {"nothing": "of ours"})
        good = store.append(next_sample())

        assert stream.next("system_stats").id == good


def test_hostile_names_stay_within_their_event(web, store):
    name = "a\n\nevent: bye\ndata: {}\n\n\u2028<script>"
    with web.stream() as stream:
        stream.next("hello")
        store.append(next_sample(queues=(make_queue(name=name),)))

        event = next(event for event in stream if event.type != "hosts")

    assert (event.type, event.json["queues"][0]["name"]) == ("system_stats", name)


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

        stuck.settimeout(15)
        assert _read_to_the_end(stuck) < 150 * len(next_sample(queues=queues).to_json())


def _read_to_the_end(connection):
    total = 0
    try:
        while data := connection.recv(65536):
            total += len(data)
    except ConnectionResetError:
        pass
    return total


def test_an_http_1_0_client_gets_the_stream_without_chunks(web, store):
    with socket.create_connection(("127.0.0.1", web.port), timeout=10) as connection:
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


def test_a_server_that_ends_says_goodbye_and_when_to_come_back(redis_url):
    with WebServer(redis_url) as web, web.stream() as stream:
        stream.next("hello")
        web.terminate()

        assert stream.next("bye").json == {"reason": "shutdown"}
        assert 1000 <= stream.retry_ms <= 8000
        assert list(stream) == []
        web.wait(deadline_s=5)


def test_an_open_stream_survives_a_redis_that_is_killed_and_loses_its_data():
    with RedisServer() as redis_server, WebServer(redis_server.url) as web:
        store = LiveStore(redis_client(redis_server.url))
        wait_until(lambda: web.get("/readyz", role=None).status == 200, 10)
        with web.stream(timeout_s=15) as stream:
            stream.next("hello")
            store.append(next_sample())
            stream.next("system_stats")
            redis_server.kill9()
            wait_until(lambda: web.get("/readyz", role=None).status == 503, 10)
            redis_server.start()
            assert stream.next("reset").json == {}
            wait_until(lambda: web.get("/readyz", role=None).status == 200, 10)

            after = store.append(next_sample())

            assert stream.next("system_stats").id == after


def test_health_is_answered_while_redis_hangs_and_turns_to_fail_when_the_sample_is_old():
    with RedisServer() as redis_server, WebServer(redis_server.url, SAMPLE_INTERVAL_S="0.5") as web:
        LiveStore(redis_client(redis_server.url)).append(next_sample())
        wait_until(lambda: web.get("/healthz", role=None).status == 200, 10)
        healthy = web.get("/healthz", role=None)
        redis_server.pause()

        wait_until(lambda: web.get("/healthz", role=None).status == 503, 10)

        stale = web.get("/healthz", role=None)
        assert healthy.headers["Content-Type"] == "application/health+json"
        names = ("database", "worker", "rabbitmq")
        assert healthy.json == {"status": "pass", "sample": "fresh", "services": dict.fromkeys(names, "online")}
        assert stale.json == {"status": "fail", "sample": "stale", "services": dict.fromkeys(names, "unknown")}
        assert stale.headers["Retry-After"] == "3"
        assert web.get("/livez", role=None).status == 200
        assert web.get("/api/hosts").status == 503
        page = web.get("/api/history")
        assert (page.status, page.json["code"]) == (503, "store_unavailable")
        redis_server.resume()
        wait_until(lambda: web.get("/api/hosts").status == 200, 10)


def test_health_says_fail_when_a_service_is_offline(web, store):
    from collector.store.model import Check, Status

    store.append(next_sample(checks={"database": Check(status=Status.OFFLINE, reason="refused")}))

    wait_until(lambda: "offline" in web.get("/healthz", role=None).body.decode(), 10)
    answer = web.get("/healthz", role=None)
    assert (answer.status, json.loads(answer.body)["status"]) == (503, "fail")


def test_health_sets_no_cookie_and_answers_head(web):
    for path in ("/healthz", "/livez", "/readyz"):
        answer = web.get(path, role=None, method="HEAD")
        assert answer.body == b""
        assert answer.headers["Set-Cookie"] is None
        assert answer.headers["Cache-Control"] == "no-store"


def test_the_web_process_refuses_to_start_without_a_secret(shared_redis):
    web = WebServer(shared_redis.url, SECRET_KEY="")
    try:
        with pytest.raises(RuntimeError, match="SECRET_KEY must be set"):
            web.start()
    finally:
        web.stop()


def test_a_viewer_may_ask_for_some_hosts_alone(web, store):
    with web.stream("/stream?host=web-2&host=web-3") as stream:
        stream.next("hello")
        store.append(next_sample(host="web-1"))
        wanted = [store.append(next_sample(host=host)) for host in ("web-2", "web-3")]

        assert [stream.next("system_stats").id for _ in wanted] == wanted


def test_viewers_are_told_when_a_host_joins_falls_silent_and_is_forgotten(redis_url):
    with (
        redis_client(redis_url) as client,
        WebServer(redis_url, SAMPLE_INTERVAL_S="0.5") as web,
        web.stream() as stream,
    ):
        store = LiveStore(client)
        assert stream.next("hosts").json == {"hosts": []}
        store.append(next_sample(host="web-9"))
        [joined] = stream.next("hosts").json["hosts"]
        [silent] = stream.next("hosts").json["hosts"]

        answers = [web.get("/api/hosts/web-9", method="DELETE").status for _ in range(2)]

        assert answers == [204, 404]
        assert stream.next("hosts").json == {"hosts": []}
    assert (joined["host"], joined["is_fresh"], joined["services"]["database"]) == ("web-9", True, "online")
    assert (silent["is_fresh"], silent["age_s"] >= 1.5) == (False, True)


def test_a_host_that_fell_silent_long_ago_is_still_listed_after_a_restart(redis_url):
    with redis_client(redis_url) as client:
        store = LiveStore(client)
        store.append(make_sample(host="web-8"))
        client.delete(keys.SAMPLES)
        client.zadd(keys.HOSTS, {"web-8": (store.now_s() - 7200) * 1000})
    with WebServer(redis_url) as web, web.stream() as stream:
        hosts = stream.next("hosts").json["hosts"]
        while not hosts:
            hosts = stream.next("hosts").json["hosts"]

    assert (hosts[0]["host"], hosts[0]["is_fresh"], hosts[0]["services"]) == ("web-8", False, {})
    assert hosts[0]["age_s"] >= 7200


def test_a_quiet_stream_carries_a_heartbeat_within_fifteen_seconds(redis_url):
    with WebServer(redis_url) as web, web.stream(timeout_s=15) as stream:
        stream.next("hosts")
        started_s = time.monotonic()
        while stream.response.readline() != b": \n":
            pass

    assert 8 < time.monotonic() - started_s < 15


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


@pytest.mark.parametrize("poison", [b"[" * 200_000, '{"v":1}'.encode("utf-16"), b'{"v":1,"host":"\xed\xa0\x80"}'])
def test_the_reader_outlives_whatever_is_written_into_the_stream(web, store, client, poison):
    with web.stream() as stream:
        stream.next("hosts")
        client.xadd(keys.SAMPLES, {"host": "x", "sample": poison})
        good = store.append(next_sample())

        assert stream.next("system_stats").id == good
    assert web.get("/readyz", role=None).status == 200
    assert web.get("/monitor").status == 200


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
        assert stream.next("reset").json == {}
        live = store.append(next_sample())
        assert stream.next("system_stats").id == live


def test_a_stream_that_began_anew_with_smaller_ids_is_noticed(redis_url):
    with redis_client(redis_url) as client, WebServer(redis_url) as web:
        store = LiveStore(client)
        future_ms = int((store.now_s() + 86_400) * 1000)
        client.xadd(keys.SAMPLES, {"host": "web-1", "sample": make_sample().to_json()}, id=f"{future_ms}-0")
        wait_until(lambda: web.get("/readyz", role=None).status == 200, 10)
        assert web.get("/healthz", role=None).status == 503
        client.flushdb()
        store.append(next_sample())

        wait_until(lambda: web.get("/healthz", role=None).status == 200, 10)
