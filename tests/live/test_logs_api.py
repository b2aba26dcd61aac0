"""Critical logs as the page and scripts get them: real gunicorn, real Redis, one web process for all tests here."""

import http.client
import json
import secrets

import pytest

from app.accounts.tokens import TokenScope
from app.api.log_budget import BYTES
from store import keys
from store.logs.log_group import Batch, Level, LogLine
from store.logs.log_store import LogStore
from store.samples.live import LiveStore, redis_client
from tests.builders import make_sample
from tests.hostile import FORGERIES, LEAKS, XSS
from tests.process import PATIENCE_S
from tests.promises import Pace
from tests.services import RedisServer, wait_until
from tests.web import WebServer

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def web():
    with RedisServer() as server, WebServer(server.url) as web:
        web.redis = redis_client(server.url)
        web.tokens["logs"] = web.accounts.tokens.create("viewer@example.org", TokenScope.LOGS)[1]
        wait_until(lambda: web.get("/readyz", role=None).status == 200)
        yield web
        web.redis.close()


@pytest.fixture(autouse=True)
def _no_logs_of_other_tests(web):
    for key in web.redis.keys(f"{keys.LOGS}*"):
        web.redis.delete(key)


@pytest.fixture
def store(web):
    return LogStore(web.redis)


def line(message="boom", **values):
    return LogLine(
        **{"service": "backend", "host": "web-1", "level": Level.ERROR, "logger": "x", "message": message, **values}
    )


def write(store, *lines, **values):
    store.write(Batch.gather((each, 0.0) for each in lines), batch_id=secrets.token_hex(8), **values)


def post(web, body, role="logs", content_type="application/json"):
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=PATIENCE_S)
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    try:
        connection.request("POST", "/api/logs", data, {**web.bearer(role), "Content-Type": content_type})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read()), answer.headers
    finally:
        connection.close()


GOOD = {"service": "php-site", "level": "critical", "message": "disk full at 98 %"}


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "x"]
)
def test_a_token_is_enough_whatever_the_sender_calls_its_json(web, content_type):
    message = "50%25 of a=b&c+d {x}"

    status, answer, _ = post(web, {**GOOD, "message": message}, content_type=content_type)

    assert (status, answer) == (202, {"accepted": 1})
    assert [group["message"] for group in web.get("/api/logs").json["logs"]] == [message]


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", "application/json"])
def test_without_a_token_nothing_is_taken_under_any_name(web, content_type):
    assert post(web, GOOD, role=None, content_type=content_type)[0] == 401
    assert web.get("/api/logs").json["logs"] == []


def test_a_line_reaches_viewers_of_every_host_at_once_as_its_group_without_a_cursor(web, store):
    with web.stream() as everything, web.stream("/stream?host=another") as another:
        everything.next("hosts")
        another.next("hosts")
        write(store, line("order 1"))
        events = [stream.next("critical_log") for stream in (everything, another)]
        write(store, line("order 2"), line("order 3"))
        later = everything.next("critical_log")

    group = events[0].json
    assert [event.id for event in (*events, later)] == [None] * 3
    assert events[1].json == group
    assert set(group) == {
        "id",
        "host",
        "service",
        "level",
        "logger",
        "message",
        "traceback",
        "task",
        "first_at",
        "last_at",
        "count",
        "began_at",
    }
    assert (group["message"], group["count"]) == ("order 1", 1)
    assert (later.json["id"], later.json["message"], later.json["count"]) == (group["id"], "order 3", 3)


def test_a_flood_is_told_at_a_bounded_pace_and_in_the_end_as_it_is(web, store):
    with web.stream() as stream:
        stream.next("hosts")
        of_bytes, of_events = Pace(2 * (64 * 1024 + 12_000), 64 * 1024 + 12_000), Pace(40, 10)
        for _ in range(40):
            write(store, *[line(f"{'abcdefghij'[number]} {'x' * 2000}", traceback="t" * 8000) for number in range(10)])
        counts, bytes_received, events = {}, 0, 0
        while sorted(counts.values()) != [40] * 10:
            event = stream.next("critical_log")
            counts[event.json["id"]] = event.json["count"]
            bytes_received += len(event.data)
            events += 1
        assert of_bytes.allows(bytes_received)
        assert of_events.allows(events)


def test_samples_go_on_whatever_lies_under_the_keys_of_the_logs(web, store):
    samples = LiveStore(web.redis)
    slots = iter(range(1000))
    with web.stream() as stream:
        stream.next("hosts")
        for spoil in (
            lambda: web.redis.set(keys.LOGS, "x"),
            lambda: web.redis.delete(keys.LOGS),
            lambda: web.redis.xadd(keys.LOGS, {"groups": b"\xff\x00 " * 1000}),
            lambda: web.redis.xadd(keys.LOGS, {"x": "y"}),
            lambda: web.redis.xadd(keys.LOGS, {"groups": "a" * 16}),
            lambda: web.redis.set(keys.log_group("b" * 16), "x") and web.redis.xadd(keys.LOGS, {"groups": "b" * 16}),
            lambda: web.redis.set(keys.RECENT_LOGS, "x"),
        ):
            spoil()
            written = samples.append(make_sample(slot=next(slots)))
            assert stream.next("system_stats").id == written
        assert web.get("/monitor").status == 200
        write(store, line("after it all"))

        assert stream.next("critical_log").json["message"] == "after it all"
    assert [group["message"] for group in web.get("/api/logs").json["logs"]] == ["after it all"]


def test_logs_go_on_after_redis_has_lost_everything(web, store):
    with web.stream() as stream:
        stream.next("hosts")
        LiveStore(web.redis).append(make_sample(slot=1_000_000))
        write(store, line("before"))
        stream.next("critical_log")
        web.redis.flushall()
        stream.next("reset")
        write(store, line("after"))

        assert stream.next("critical_log").json["message"] == "after"


def test_the_hostile_corpus_comes_through_as_text_and_without_its_secrets(web, store):
    lines = [text for text, _ in LEAKS] + [*FORGERIES, *XSS]
    with web.stream() as stream:
        stream.next("hosts")
        for start in range(0, len(lines), 50):
            some = [line(text, traceback=f"T\n{text}", logger=text, host=text) for text in lines[start : start + 50]]
            write(store, *some)
        expected = sum(group["count"] for group in store.recent().groups)
        told: dict[str, int] = {}
        texts = []
        while sum(told.values()) < expected:
            event = stream.next("critical_log")
            told[event.json["id"]] = event.json["count"]
            texts.append(event.data)
            assert event.id is None

    everything = "\n".join([*texts, web.get("/api/logs").body.decode(), web.get("/monitor").body.decode()])
    assert expected == len(lines)
    assert [secret for _, secret in LEAKS if secret in everything] == []
    assert "\x1b" not in everything
    assert "\u202e" not in everything
    assert "<script>alert" not in web.get("/monitor").body.decode()


def test_the_api_tells_the_newest_first_and_finds_by_host_level_and_word(web, store):
    write(store, line("first"))
    write(store, line("second", host="web-2", level=Level.CRITICAL, task="zap.Send"), dropped=4)

    def messages(query=""):
        return [group["message"] for group in web.get(f"/api/logs{query}").json["logs"]]

    assert messages() == ["second", "first"]
    assert messages("?host=web-1") == messages("?query=FIRST") == messages("?level=error") == ["first"]
    assert messages("?level=critical&query=zap.send") == ["second"]
    assert messages("?query=nothing") == []
    assert web.get("/api/logs").json["dropped"] == 4
    assert web.get("/api/logs?level=loud").status == web.get("/api/logs?level=").status == 400
    assert b'"message": "second"' in web.get("/monitor").body


@pytest.mark.parametrize(("role", "status"), [(None, 401), ("viewer", 403), ("logs", 403)])
def test_who_is_not_a_super_admin_reads_no_logs(web, role, status):
    assert web.get("/api/logs", role=role).status == status


def test_a_line_that_is_sent_goes_the_way_of_every_other(web, store):
    status, answer, _ = post(
        web, {**GOOD, "message": "call +5511912345678 \x1b[0m", "host": "php-1", "traceback": "token=abc"}
    )

    assert (status, answer) == (202, {"accepted": 1})
    [group] = store.recent().groups
    assert (group["message"], group["traceback"]) == (r"call [redacted:phone] \x1b[0m", "token=[redacted:secret]")
    assert (group["host"], group["logger"], group["task"]) == ("php-1", None, None)
    assert post(web, [GOOD, GOOD])[1] == {"accepted": 2}
    assert store.recent().groups[0]["count"] == 2
    assert store.recent().groups[0]["host"] is None


@pytest.mark.parametrize(("role", "status"), [(None, 401), ("super_admin", 403), ("viewer", 403)])
def test_only_a_token_for_logs_may_send_them(web, role, status):
    got, answer, _ = post(web, GOOD, role)

    assert got == status
    assert ("--for logs" in answer["message"]) == (role is not None)


@pytest.mark.parametrize(
    "path", ["/monitor", "/stream", "/api/logs", "/api/history", "/api/hosts", "/api/workload", "/api/me"]
)
def test_a_token_for_logs_may_do_nothing_else(web, path):
    answer = web.get(path, role="logs")

    assert answer.status == 403
    assert web.get("/api/hosts/web-1", role="logs", method="DELETE").status == 403


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "must be JSON"),
        (b"{", "must be JSON"),
        (b"[" * 50_000, "must be JSON"),
        ([], "1 to 100"),
        ([GOOD] * 101, "1 to 100"),
        (7, "must be an object"),
        ([GOOD, None], "must be an object"),
        ({}, "`service` must be"),
        ({**GOOD, "level": "info"}, "`level`"),
        ({**GOOD, "message": " "}, "`message` must be"),
        ({**GOOD, "message": 7}, "`message` must be"),
        ({**GOOD, "x": 1}, "nothing else"),
        ({**GOOD, "host": ["a"]}, "must be texts"),
        (b"\xff\xfe", "must be JSON"),
    ],
)
def test_a_body_that_is_something_else_is_explained(web, store, body, says):
    status, answer, _ = post(web, body)

    assert (status, answer["code"]) == (422, "unprocessable_entity")
    assert says in answer["message"]
    assert store.recent().groups == []


def test_a_body_that_is_too_long_is_refused(web):
    status, answer, _ = post(web, {**GOOD, "message": "x" * 70_000})

    assert (status, answer["message"]) == (413, "The body is too long: 64 KiB at most.")


def test_the_longest_bodies_are_bounded_by_their_bytes_whatever_is_in_them(web):
    web.tokens["greedy"] = web.accounts.tokens.create("viewer@example.org", TokenScope.LOGS)[1]
    body = {**GOOD, "traceback": "111.444.777-35 " * 4200}
    size = len(json.dumps(body))
    sent, accepted = 60, 0
    answers, pace = [], Pace(BYTES.burst + size, BYTES.per_s)
    for number in range(sent):
        status, _, headers = post(web, body if number % 2 else b"{" + b" " * (size - 1), "greedy")
        answers.append(status)
        accepted += size if status != 429 else 0
        assert status != 429 or 1 <= int(headers["Retry-After"]) <= 3

    assert set(answers) == {202, 422, 429}
    assert pace.allows(accepted)
    assert post(web, GOOD)[0] == 202, "another token"


def test_a_token_that_sends_too_much_has_to_wait(web):
    web.tokens["another"] = web.accounts.tokens.create("viewer@example.org", TokenScope.LOGS)[1]
    answers = []
    wait_until(lambda: answers.append(post(web, [GOOD] * 100, "another")) or answers[-1][0] != 202)

    refused = answers[-1]
    assert [answer[0] for answer in answers].count(202) >= 6
    assert (refused[0], refused[1]["code"]) == (429, "too_many_requests")
    assert 1 <= int(refused[2]["Retry-After"]) <= 60
    assert post(web, GOOD)[0] == 202
