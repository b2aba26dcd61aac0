"""`/healthz` and its like, and that a web process without a secret does not start."""

import json

import pytest

from store.samples.live import LiveStore, redis_client
from tests.builders import next_sample
from tests.services import RedisServer, wait_until
from tests.web import WebServer

pytestmark = pytest.mark.live


def test_health_is_answered_while_redis_hangs_and_turns_to_fail_when_the_sample_is_old():
    with RedisServer() as redis_server, WebServer(redis_server.url, SAMPLE_INTERVAL_S="0.5") as web:
        store, answers = LiveStore(redis_client(redis_server.url)), []

        def is_well():
            store.append(next_sample())  # It is fresh for a second and a half.
            answers.append(web.get("/healthz", role=None))
            return answers[-1].status == 200

        wait_until(is_well)
        healthy = answers[-1]
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


def test_health_knows_the_newest_sample_from_the_first_answer_on_and_while_redis_loses_its_stream():
    with RedisServer() as redis_server, redis_client(redis_server.url) as client:
        LiveStore(client).append(next_sample())
        with WebServer(redis_server.url, SAMPLE_INTERVAL_S="20") as web:  # It is fresh for a minute.
            first = web.get("/healthz", role=None)
            client.flushall()
            wait_until(lambda: "the stream has begun anew" in web.log.read_text(), 15)
            later = [web.get("/healthz", role=None) for _ in range(20)]
            LiveStore(client).append(next_sample())
            wait_until(lambda: client.xlen("monitor:samples") and web.get("/healthz", role=None).status == 200)

    assert first.json["sample"] == "fresh"
    assert {(answer.status, answer.json["sample"]) for answer in later} == {(200, "fresh")}


def test_health_says_fail_when_a_service_is_offline(web, store):
    from store.samples.model import Check, Status

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


@pytest.mark.parametrize(
    ("environ", "reason"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY must be set"),
        ({"FLASK_DEBUG": "1"}, "FLASK_DEBUG must not be set"),
        ({"GUNICORN_CMD_ARGS": f"--certfile {__file__}"}, "TLS ends at the proxy"),
    ],
    ids=["secret", "debugging", "certificate"],
)
def test_the_web_process_does_not_start_without_a_secret_nor_with_debugging_or_a_certificate(
    shared_redis, environ, reason
):
    web = WebServer(shared_redis.url, **environ)
    try:
        with pytest.raises(RuntimeError, match=reason):
            web.start()
    finally:
        web.stop()
