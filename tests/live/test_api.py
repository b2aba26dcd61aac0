"""The API as scripts use it, held to docs/openapi.yaml by thousands of made-up requests."""

import gzip
import json
import math
from pathlib import Path
from urllib.parse import urlencode

import pytest
import schemathesis
from hypothesis import HealthCheck, assume, settings
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from app.accounts.tokens import TokenScope
from store import keys
from store.samples.live import LiveStore, redis_client
from store.samples.workload import Failure, Task, Worker, Workload
from tests.builders import make_sample
from tests.services import RedisServer, wait_until
from tests.web import SECRET_KEY, WebServer

pytestmark = pytest.mark.live

WORKLOAD = Workload(
    workers=(Worker(name="celery@a", slots=4, busy=1, queues=("dispatch",)),),
    tasks=(Task(name="send", failed_per_min=2.0, last_failure=Failure(kind="Timeout", age_s=7.0)),),
    workers_total=1,
    tasks_total=1,
)

SCHEMA = schemathesis.pytest.from_fixture("openapi")
"""Read where its test runs: making the requests takes seconds, which each process of a run would take to collect."""


@pytest.fixture
def openapi(request):
    request.node._nodeid = request.node.nodeid  # Schemathesis 4.32 asks for it by a name that pytest 9.2 lacks.
    return schemathesis.openapi.from_path(Path(__file__).resolve().parents[2] / "docs/openapi.yaml")


@pytest.fixture(scope="module")
def web():
    exchange = {"MONITOR_JWT_ISSUER": "test", "MONITOR_JWT_ALGORITHM": "HS256", "MONITOR_JWT_KEY": SECRET_KEY}
    # Samples that stay fresh for three minutes: a made-up request must not find the health bad for want of new ones.
    with RedisServer() as redis_server, WebServer(redis_server.url, SAMPLE_INTERVAL_S="60", **exchange) as server:
        with redis_client(redis_server.url) as client:
            store = LiveStore(client)
            for slot in range(3):
                sample = make_sample(slot=slot, at=1_000_000.0 + 3 * slot)
                store.append(sample, interval_s=60, tables=WORKLOAD.to_json())
            store.append(make_sample(host="web-2", slot=0))
            client.set(keys.workload("web-3"), "no table")
            for slot in range(60):
                store.append(make_sample(host="web-3", slot=slot))
        server.tokens["logs"] = server.accounts.tokens.create("admin@example.org", TokenScope.LOGS)[1]
        wait_until(lambda: server.get("/healthz", role=None).status == 200, 10)
        server.page = server.sign_in()
        yield server


def test_history_is_in_aligned_columns(web):
    answer = web.get("/api/history?host=web-1").json

    assert answer["series"][:3] == ["at", "cpu", "ram_percent"]
    assert answer["columns"][0] == [1_000_000.0, 1_000_003.0, 1_000_006.0]
    assert {len(column) for column in answer["columns"]} == {3}
    assert answer["age_s"] < 60


def test_history_without_a_host_is_that_of_the_first_by_name(web):
    assert web.get("/api/history").json["host"] == "web-1"
    assert len(web.get("/api/history?host=web-2").json["columns"][0]) == 1


def test_a_host_that_nobody_knows_has_no_samples_and_no_age(web):
    answer = web.get("/api/history?host=nobody").json

    assert (answer["age_s"], answer["last_id"], answer["columns"]) == (None, None, [[]] * len(answer["series"]))


def test_the_workers_tables_come_as_they_were_stored_with_their_age(web):
    answer = web.get("/api/workload?host=web-1").json

    assert answer["workload"] == json.loads(WORKLOAD.to_json())
    assert 0 <= answer["age_s"] < 240
    assert web.get("/api/workload").json["workload"] == answer["workload"]


def test_where_no_tables_are_stored_they_are_null(web):
    for host in ("nobody", "web-2", "web-3"):
        answer = web.get(f"/api/workload?host={host}").json
        assert (answer["age_s"], answer["workload"]) == (None, None)


def test_history_since_an_instant_leaves_out_what_is_older(web):
    now_s = web.get("/api/hosts").json["now"]

    assert web.get(f"/api/history?since={now_s + 60}").json["columns"][0] == []


def test_history_until_an_instant_leaves_out_what_is_newer(web):
    now_s = web.get("/api/hosts").json["now"]

    assert web.get(f"/api/history?since={now_s - 600}&until={now_s - 500}").json["columns"][0] == []
    assert len(web.get(f"/api/history?since={now_s - 600}&until={now_s}").json["columns"][0]) == 3


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("since=5&until=5", "`until` must be later than `since`."),
        ("since=5&until=x", "`until` must be a time in epoch seconds, such as 1700000000."),
    ],
)
def test_a_window_that_is_none_is_explained(web, query, message):
    answer = web.get(f"/api/history?{query}")

    assert (answer.status, answer.json["message"]) == (400, message)


@pytest.mark.parametrize("since", ["x", "nan", "inf", "-1", "1e400"])
def test_a_since_that_is_no_instant_is_explained(web, since):
    answer = web.get(f"/api/history?since={since}")

    assert (answer.status, answer.json["message"]) == (
        400, "`since` must be a time in epoch seconds, such as 1700000000.",
    )  # fmt: skip


@pytest.mark.parametrize(
    "path", ["/api/history", "/api/hosts", "/api/workload", "/api/me", "/stream", "/api/nothing", "/nothing"]
)
def test_errors_have_one_shape(web, path):
    answer = web.get(path, role=None)

    assert set(answer.json) == {"status", "code", "message"}
    assert answer.json["status"] == answer.status in (401, 404)


@pytest.mark.parametrize("path", ["/api/history", "/api/hosts", "/api/workload", "/api/me", "/monitor", "/stream"])
def test_a_viewer_without_the_role_is_forbidden(web, path):
    assert web.get(path, role="viewer").status == 403


def test_the_page_carries_its_last_minute_with_it(web):
    page = web.get("/monitor")

    assert page.status == 200
    assert b'id="snapshot"' in page.body
    assert b'"queue_peak"' in page.body


@pytest.mark.parametrize("path", ["/monitor", "/api/history?host=web-3"])
def test_pages_and_json_go_out_as_gzip_to_whoever_takes_it(web, path):
    plain, zipped = web.get(path), web.get(path, **{"Accept-Encoding": "gzip"})

    assert (plain.headers["Content-Encoding"], zipped.headers["Content-Encoding"]) == (None, "gzip")
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert len(zipped.body) == int(zipped.headers["Content-Length"]) < len(plain.body) * 0.8
    assert gzip.decompress(zipped.body)[:8] == plain.body[:8]  # Not all of it: it tells the time.


def test_the_stream_is_never_compressed(web):
    with web.stream(**{"Accept-Encoding": "gzip"}) as stream:
        assert stream.response.headers["Content-Encoding"] is None
        assert stream.next("hello").json


def test_the_root_leads_to_the_page_and_the_page_to_the_login(web):
    root, monitor = web.get("/", role=None), web.get("/monitor", role=None)

    assert (root.status, root.headers["Location"]) == (302, "/monitor")
    assert (monitor.status, monitor.headers["Location"]) == (303, "/login?next=/monitor")


@pytest.mark.parametrize("path", ["/monitor", "/login", "/api/hosts", "/healthz", "/static/css/shell.css", "/nothing"])
def test_every_answer_carries_the_defences(web, path):
    headers = web.get(path).headers

    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "no-referrer")
    assert (headers["Access-Control-Allow-Origin"], headers["Server"]) == (None, None)


# Last: it may take a minute, after which the samples of the fixture are older than what is answered without `since`.
@pytest.mark.timeout(300)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@SCHEMA.parametrize()
def test_every_answer_is_as_the_openapi_file_says(case, web):
    assume(len(urlencode(case.query)) < 3500)  # gunicorn refuses a longer request line before it is routed.
    window = {name: float(case.query.get(name, 0)) for name in ("since", "until") if _is_number(case.query.get(name))}
    is_backwards = window.get("until", math.inf) <= window.get("since", -math.inf)  # What a schema cannot say.
    excluded = [positive_data_acceptance] if is_backwards else []
    if "monitor_session" not in (case.cookies or {}):
        excluded.append(negative_data_rejection)  # A missing login is refused; here `credentials_for` supplies it.
    case.call_and_validate(
        base_url=web.url,
        headers=credentials_for(web, case.operation),
        excluded_checks=excluded,
    )


def credentials_for(web, operation):
    """The page's where something is changed, a token's where it is read or a log line sent."""
    if operation.path == "/api/logs" and operation.method == "post":
        return web.bearer("logs")
    return web.bearer("super_admin") if operation.method == "get" else web.page


def _is_number(text):
    try:
        return math.isfinite(float(text))
    except (TypeError, ValueError):
        return False
