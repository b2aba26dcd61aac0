"""Redis' clock is set, and set right again, under a whole panel: nothing is lost, nothing stops, and it is told."""

import itertools
import threading
import time

import pytest

from store import keys
from store.database import make_engine
from store.history.history import History
from store.history.steps import MINUTE_S, begin
from store.samples import append
from store.samples.columns import read_row
from store.samples.live import LiveStore, redis_client
from tests.builders import next_sample
from tests.clocks import Clocks
from tests.collectors import HOST, INTERVAL_S, collector
from tests.process import PATIENCE_S
from tests.services import RedisServer, wait_until
from tests.web import WebServer

pytestmark = pytest.mark.live

REDIS = "redis"
DAY_S = 86_400


class Watcher:
    """A viewer of everything, in a thread; it comes back after the last id it has seen."""

    def __init__(self, web):
        self._web = web
        self.ids, self.slots, self.kinds = [], [], []
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self):
        self._is_over.set()
        self._thread.join(10)

    def _run(self):
        while not self._is_over.is_set():
            path = f"/stream?after={self.ids[-1]}" if self.ids else "/stream"
            try:
                with self._web.stream(path, timeout_s=8) as stream:
                    for event in stream:
                        self.kinds.append(event.type)
                        if event.type == "system_stats":
                            self.ids.append(event.id)
                            self.slots.append(event.json["slot"])
                        if self._is_over.is_set():
                            return
            except OSError:
                pass


@pytest.mark.timeout(240)  # A minute has to pass.
def test_redis_clock_set_forward_and_back_costs_no_sample_no_minute_and_no_viewer(tmp_path):
    with (
        Clocks() as clocks,
        RedisServer(clocks.wrap(REDIS)) as server,
        redis_client(server.url) as client,
        WebServer(server.url, SAMPLE_INTERVAL_S=str(INTERVAL_S)) as web,
        collector(server.url, web.database_url, tmp_path),
    ):
        store = LiveStore(client)
        wait_until(lambda: client.xlen(keys.SAMPLES) >= 2, 20, "samples come")
        watcher = Watcher(web)
        wait_until(lambda: len(watcher.ids) >= 2, 10, "the viewer is live")
        for offset_s in (600, 0, -600, 0, DAY_S, 0):
            clocks.set(REDIS, offset_s)
            seen = len(watcher.ids)
            wait_until(lambda seen=seen: len(watcher.ids) >= seen + 4, 20, f"samples come at {offset_s}")
            reasons = ["clock_differs"] if offset_s else None
            wait_until(lambda reasons=reasons: is_told_right(web, store, reasons), what=f"it is told at {offset_s}")
        watcher.stop()

        assert watcher.slots == sorted(set(watcher.slots))
        assert "reset" not in watcher.kinds
        assert "bye" not in watcher.kinds
        held = list(store.since(0))
        assert [entry.id for entry in held if entry.id in set(watcher.ids)] == watcher.ids
        assert all(time.time() - 300 < keys.id_seconds(entry.id) <= time.time() for entry in held)
        minute = begin(keys.id_seconds(watcher.ids[-1]), MINUTE_S)
        wait_until(lambda: minute in kept(web.database_url), 130, "the minute reaches SQL")
        in_stream = [
            begin(keys.id_seconds(entry.id), MINUTE_S) for entry in store.since(0, minute + 60) if read_row(entry)
        ]
        assert kept(web.database_url) == {at: len(list(group)) for at, group in itertools.groupby(in_stream)}
    told = (tmp_path / "log").read_text()
    assert told.count("ahead of this host's") == 3
    assert told.count("agree again") == 3
    assert "sample lost" not in told


def is_told_right(web, store, reasons):
    """Whether the page's figures are of now, whatever Redis' clock says."""
    said, [host] = health(web), web.get("/api/hosts").json["hosts"]
    ages_s = (host["age_s"], abs(store.now_s() - time.time()))
    is_now = all(0 <= age_s < PATIENCE_S for age_s in ages_s)
    return is_now and (said.get("reasons"), said["sample"]) == (reasons, "fresh")


def test_viewers_go_on_when_the_stream_begins_anew_with_lower_ids(monkeypatch):
    monkeypatch.setattr(append, "AHEAD_HOLD_S", 0.001)
    with (
        Clocks() as clocks,
        RedisServer(clocks.wrap(REDIS)) as server,
        redis_client(server.url) as client,
        WebServer(server.url) as web,
    ):
        clocks.set(REDIS, 600)  # Wrong from the start, so that nobody can tell that it has jumped.
        store = LiveStore(client)
        store.append(next_sample(at=time.time()))
        wait_until(lambda: health(web)["sample"] == "fresh", 20, "the sample is seen")
        with web.stream(timeout_s=20) as stream:
            stream.next("hosts")
            clocks.set(REDIS, 0)
            while store.standing.moved_back_s is None:
                store.append(next_sample(at=time.time()))
            told = stream.next("reset").json
            entry_id = store.append(next_sample(at=time.time()))
            came = stream.next("system_stats")

            assert keys.id_seconds(entry_id) <= time.time()
            assert came.id == entry_id
            assert abs(told["now"] - time.time()) < PATIENCE_S
        with web.stream(f"/stream?after={int((time.time() + 600) * 1000)}-0") as stream:
            assert stream.next("reset").id is None
            last_id = store.append(next_sample(at=time.time()))
            assert stream.next("system_stats").id == last_id
        history = web.get(f"/api/history?host={HOST}").json
        assert (history["last_id"], health(web)["sample"]) == (last_id, "fresh")
        assert 0 <= history["age_s"] < PATIENCE_S


def health(web):
    return web.get("/healthz", role=None).json


def kept(url):
    """How many samples each minute in SQL is made of."""
    engine = make_engine(url)
    try:
        steps = History(engine).read(HOST, MINUTE_S, since_s=0, until_s=time.time() * 2, limit=100)
        return {step.at: step.samples for step in steps}
    finally:
        engine.dispose()
