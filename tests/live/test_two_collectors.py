"""Two collectors of one name, on one queue: one writes, the other stands by, and it is told."""

import json

import pytest

from store import keys
from store.samples.live import LiveStore, redis_client
from tests.collectors import HOST, collector
from tests.services import RedisServer, wait_until
from tests.web import WebServer

pytestmark = pytest.mark.live

LOST, REACHED = "offline", "online"
"""What the first and the second collector say of their databases: it tells whose a sample is."""


@pytest.fixture
def redis_server():
    with RedisServer() as server:
        yield server


def samples(store):
    return [json.loads(entry.sample) for entry in store.since(0)]


def words(store):
    return [sample["services"]["database"] for sample in samples(store)]


def slots(store):
    return [sample["slot"] for sample in samples(store)]


def test_of_two_collectors_one_writes_without_a_gap_and_page_health_and_logs_say_so(redis_server, tmp_path):
    nowhere = {"WATCHED_DATABASE_URL": f"sqlite:///{tmp_path}/no/such.sqlite3"}
    with (
        redis_client(redis_server.url) as client,
        WebServer(redis_server.url, SAMPLE_INTERVAL_S="0.5") as web,
        collector(redis_server.url, web.database_url, tmp_path, log="first", **nowhere),
    ):
        store = LiveStore(client)
        wait_until(lambda: words(store)[-1:] == [LOST], 20, "the first writes")
        with web.stream() as stream:
            with collector(redis_server.url, web.database_url, tmp_path, log="second"):
                wait_until(lambda: reasons(web) == ["two_collectors"], 20, "it is told")
                settled = len(words(store))
                wait_until(lambda: len(words(store)) >= settled + 10, 20, "samples go on")

                while not (troubles := stream.next("system_stats").json["troubles"]):
                    pass
                assert troubles == [{"code": "two_collectors", "facts": {}}]
                while stream.next("hosts").json["hosts"][0]["code"] != "two_collectors":
                    pass
                assert set(words(store)[settled:]) == {REACHED}
                written = slots(store)[settled:]
                assert written == list(range(written[0], written[-1] + 1))
                assert client.llen(f"stats.{HOST}") <= 2
            wait_until(lambda: words(store)[-1] == LOST, 20, "the first writes again")
        wait_until(lambda: reasons(web) is None, 10, "nothing more is told")
    first, second = ((tmp_path / name).read_text() for name in ("first", "second"))
    assert first.count(f"another collector reports as {HOST}") == 1
    assert first.count(f"reports as {HOST} again") == 1
    assert second.count(f"two collectors report as {HOST}") == 1


def test_a_collector_that_stands_by_ends_when_it_is_told_to(redis_server, tmp_path):
    url = f"sqlite:///{tmp_path}/none.sqlite3"
    with redis_client(redis_server.url) as client, collector(redis_server.url, url, tmp_path, log="first") as first:
        wait_until(lambda: client.xlen(keys.SAMPLES), 20, "the first writes")
        with collector(redis_server.url, url, tmp_path, log="second"):
            wait_until(lambda: "stands by" in (tmp_path / "first").read_text(), 20, "the first stands by")
            first.terminate()

            assert first.wait(10) == 0


def test_a_collector_that_is_started_anew_is_no_second_one(redis_server, tmp_path):
    with redis_client(redis_server.url) as client, WebServer(redis_server.url, SAMPLE_INTERVAL_S="0.5") as web:
        store = LiveStore(client)
        for number in range(2):
            before = len(samples(store))
            with collector(redis_server.url, web.database_url, tmp_path, log=str(number)):
                wait_until(lambda before=before: len(samples(store)) >= before + 6, 20, "samples come")
                assert reasons(web) is None
        told = "".join((tmp_path / str(number)).read_text() for number in range(2))
    assert all(sample["troubles"] == [] for sample in samples_of(redis_server))
    assert "collector" not in "".join(line for line in told.splitlines() if " ERROR " in line)


def samples_of(server):
    with redis_client(server.url) as client:
        return samples(LiveStore(client))


def reasons(web):
    return web.get("/healthz", role=None).json.get("reasons")
