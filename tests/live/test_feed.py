"""What viewers get of a Redis that holds poison, loses its data or tells of hosts."""

import pytest

from store import keys
from store.samples.live import LiveStore, redis_client
from tests.builders import make_queue, make_sample, next_sample
from tests.services import RedisServer, wait_until
from tests.web import WebServer

pytestmark = pytest.mark.live


def test_poison_in_the_stream_is_skipped(web, store, client):
    with web.stream() as stream:
        stream.next("hello")
        client.xadd(keys.SAMPLES, {"host": "x", "sample": b"\xff\x00"})
        client.xadd(keys.SAMPLES, {"nothing": "of ours"})
        good = store.append(next_sample())

        assert stream.next("system_stats").id == good


@pytest.mark.parametrize("poison", [b"[" * 200_000, '{"v":1}'.encode("utf-16"), b'{"v":1,"host":"\xed\xa0\x80"}'])
def test_the_reader_outlives_whatever_is_written_into_the_stream(web, store, client, poison):
    with web.stream() as stream:
        stream.next("hosts")
        client.xadd(keys.SAMPLES, {"host": "x", "sample": poison})
        good = store.append(next_sample())

        assert stream.next("system_stats").id == good
    assert web.get("/readyz", role=None).status == 200
    assert web.get("/monitor").status == 200


def test_hostile_names_stay_within_their_event(web, store):
    name = "a\n\nevent: bye\ndata: {}\n\n\u2028<script>"
    with web.stream() as stream:
        stream.next("hello")
        store.append(next_sample(queues=(make_queue(name=name),)))

        event = next(event for event in stream if event.type != "hosts")

    assert (event.type, event.json["queues"][0]["name"]) == ("system_stats", name)


def test_an_open_stream_survives_a_redis_that_is_killed_and_loses_its_data():
    with RedisServer() as redis_server, WebServer(redis_server.url) as web:
        store = LiveStore(redis_client(redis_server.url))
        wait_until(lambda: web.get("/readyz", role=None).status == 200, 10)
        with web.stream() as stream:
            stream.next("hello")
            store.append(next_sample())
            stream.next("system_stats")
            redis_server.kill9()
            wait_until(lambda: web.get("/readyz", role=None).status == 503, 10)
            redis_server.start()
            assert list(stream.next("reset").json) == ["now"]
            wait_until(lambda: web.get("/readyz", role=None).status == 200, 10)

            after = store.append(next_sample())

            assert stream.next("system_stats").id == after


def test_a_stream_that_began_anew_with_smaller_ids_is_noticed(redis_url):
    with redis_client(redis_url) as client:
        store = LiveStore(client)
        future_ms = int((store.now_s() + 86_400) * 1000)
        client.xadd(keys.SAMPLES, {"host": "web-1", "sample": make_sample().to_json()}, id=f"{future_ms}-0")
        with WebServer(redis_url) as web:
            wait_until(lambda: web.get("/readyz", role=None).status == 200, 10)
            assert web.get("/healthz", role=None).status == 503
            client.flushdb()
            store.append(next_sample())

            wait_until(lambda: web.get("/healthz", role=None).status == 200, 10)


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

        answers = [store.forget_host("web-9") for _ in range(2)]

        assert answers == [True, False]
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
