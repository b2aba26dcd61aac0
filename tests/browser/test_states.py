"""Every state the page can be in, each brought about by breaking the thing itself; and many tabs of one browser."""

import json
import re
import threading
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from store.database import make_engine
from store.samples.append import make_instance
from store.samples.live import LiveStore, redis_client
from store.samples.model import Check, Status
from store.samples.verdict import Finding, Level
from tests.browser.axe import violations_in
from tests.browser.page import SOON_MS, shoot, signed_in, state_is, takes_a_sample
from tests.builders import make_queue, make_sample
from tests.logins import EMAIL, PASSWORD
from tests.services import RedisServer, wait_until
from tests.stack import Stack
from tests.web import WebServer

pytestmark = [pytest.mark.browser, pytest.mark.live]

SPY = """(() => {
  window.streams = [];
  window.states = new Set();
  window.EventSource = class extends EventSource {
    constructor(url) { super(url); window.streams.push(this); }
  };
  setInterval(() => window.states.add(document.getElementById('connection')?.dataset.state), 100);
})()"""
OPEN = "window.streams.filter(({ readyState }) => readyState === 1).length"


@pytest.fixture(scope="module")
def stack():
    with Stack(MAX_STREAMS_PER_USER="2") as stack:
        yield stack


@contextmanager
def suspended(process):
    process.suspend()
    try:
        yield
    finally:
        process.resume()


def test_a_lost_redis_is_blamed_on_redis_and_not_on_the_collector(page, stack, complaints):
    complaints.excuse("Failed to load resource: the server responded with a status of 503")
    with suspended(stack.process("redis")):
        state_is(page, "stale")
        expect(page.locator("#verdict-text")).to_contain_text("sem acesso ao Redis do painel", timeout=SOON_MS)
        expect(page).to_have_title(re.compile("Sem dados novos"))

    state_is(page, "live")


def test_a_redis_that_is_full_is_named_and_not_the_collector(page, stack):
    with redis_client(stack.redis_url) as operator:
        operator.config_set("maxmemory", 1)
        try:
            state_is(page, "stale", 30_000)
            expect(page.locator("#verdict-text")).to_contain_text("o Redis do painel está cheio", timeout=SOON_MS)
            assert violations_in(page) == {}
        finally:
            operator.config_set("maxmemory", 0)

    state_is(page, "live", 30_000)


def test_two_collectors_of_one_name_are_told(page, stack):
    host = stack.get("/api/hosts").json["hosts"][0]["host"]
    with redis_client(stack.redis_url) as client:
        other = LiveStore(client, instance=f"0{make_instance()}")  # The earlier one, which stands by.
        assert other.append(make_sample(host=host)) is None

        def is_told():
            other.stand_by(host)
            told = page.locator("#verdict-text").inner_text() + page.locator("#verdict-detail").inner_text()
            return f"Dois coletores usam o nome {host}" in told

        wait_until(is_told, 30)


def test_a_network_that_is_gone_is_told_apart_from_a_server_that_does_not_answer(page, stack, complaints):
    complaints.excuse("Failed to load resource: net::ERR_INTERNET_DISCONNECTED")
    page.context.set_offline(True)
    page.evaluate("window.dispatchEvent(new PageTransitionEvent('pagehide'))")
    page.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow'))")

    state_is(page, "offline")
    expect(page.locator("#verdict-text")).to_contain_text("Sem rede")
    expect(page.locator("#alarm")).to_contain_text("Sem rede")
    page.context.set_offline(False)
    state_is(page, "live")


def test_a_stream_taken_by_other_browsers_waits_to_be_asked_for(page, stack):
    others = [stack.stream(), stack.stream()]
    try:
        state_is(page, "replaced")
        expect(page.locator("#retry")).to_have_text("Retomar aqui")
        assert violations_in(page) == {}
    finally:
        for stream in others:
            stream.close()
    page.locator("#retry").click()

    state_is(page, "live")


def test_a_role_that_was_taken_away_ends_the_view_in_words(page, stack, complaints):
    complaints.excuse("Failed to load resource: the server responded with a status of 403")
    engine = make_engine(f"sqlite:///{stack.data_dir / 'monitor.sqlite3'}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE users SET role = 'viewer'"))
    try:
        state_is(page, "forbidden")
        expect(page.locator("#verdict-text")).to_contain_text("não pode mais ver este painel")
        assert violations_in(page) == {}
    finally:
        with engine.begin() as connection:
            connection.execute(text("UPDATE users SET role = 'super_admin'"))
        engine.dispose()


def test_a_pause_holds_the_numbers_and_says_so_while_the_state_goes_on(page, stack):
    page.keyboard.press("p")
    state_is(page, "paused")
    expect(page.locator("#connection-age")).to_have_text(re.compile(r"^\+\d+ novas?$"), timeout=SOON_MS)
    expect(page.locator("#card-queue .stamp")).to_have_text(re.compile(r"^às \d\d:\d\d:\d\d$"))
    assert violations_in(page) == {}
    with suspended(stack.process("collector")):
        state_is(page, "stale")
    page.keyboard.press("p")

    state_is(page, "live")
    expect(page.locator("#card-queue .stamp")).to_be_hidden()


def test_the_keys_are_listed_and_can_be_switched_off(page):
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Atalhos do teclado")
    expect(dialog.locator("kbd")).to_have_count(8)
    dialog.get_by_role("switch").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("k")
    expect(page.locator("html")).not_to_have_class(re.compile("is-tv"))
    page.get_by_role("button", name="Atalhos do teclado").click()
    dialog.get_by_role("switch").check()
    page.keyboard.press("Escape")

    page.keyboard.press("k")
    expect(page.locator("html")).to_have_class(re.compile("is-tv"))
    assert page.url.endswith("?tv=1")


def test_an_older_page_offers_to_load_the_new_version_and_a_wall_does_it_by_itself(context, stack):
    loads = []

    def serve_old(route):
        loads.append(route.request.url)
        answer = route.fetch()
        old = re.sub(r'("version":\s*")[^"]+(", ?|"\})', r"\g<1>0.0.1\g<2>", answer.text())
        route.fulfill(response=answer, body=old if len(loads) < 3 else answer.text())

    page = context.new_page()
    page.route(re.compile(r"/monitor(\?|$)"), serve_old)
    page.goto(f"{stack.url}/monitor")
    expect(page.locator("#reload")).to_have_text("Nova versão: recarregar", timeout=SOON_MS)

    walls = []

    def is_the_second(request) -> bool:
        if request.is_navigation_request():
            walls.append(request.url)
        return len(walls) == 2

    with page.expect_event("request", is_the_second, timeout=SOON_MS):
        page.goto(f"{stack.url}/monitor?tv=1")
    state_is(page, "live")
    expect(page.locator("#reload")).to_be_hidden()
    assert len(loads) == 3


def test_after_a_long_sleep_the_gap_comes_as_history_and_not_as_a_burst(page):
    # The wall clock jumps, as it does for a page when the machine has slept.
    with page.expect_request(re.compile("/api/history")), page.expect_request(re.compile("/stream")) as stream:
        page.evaluate("const now = Date.now; Date.now = () => now() + 600_000")

    after_ms = int(re.search(r"after=(\d+)-", stream.value.url).group(1))
    newest_ms = page.evaluate("Date.now()")
    assert newest_ms - 300_000 < after_ms  # Ten minutes ahead of the samples that there are: nothing to replay.
    state_is(page, "live")


def test_the_first_run_says_what_is_there_and_what_is_missing(browser, complaints):
    complaints.excuse("Failed to load resource: the server responded with a status of 503")
    with RedisServer() as redis, WebServer(redis.url) as web, signed_in(browser, [], complaints) as context:
        page = context.new_page()
        page.goto(f"{web.url}/monitor")
        page.fill("[name=email]", EMAIL)
        page.fill("[name=password]", PASSWORD)
        page.click("button[type=submit]")

        state_is(page, "empty")
        steps = page.locator(".step")
        expect(steps.nth(0)).to_have_attribute("data-state", "ok")
        expect(steps.nth(1)).to_have_attribute("data-state", "ok")
        expect(steps.nth(2)).to_contain_text("aguardando há")
        expect(page.locator("#first-run")).to_contain_text("celery -A collector.celery_app beat")
        said, bar = page.locator("#first-run").bounding_box(), page.locator("#toolbar").bounding_box()
        assert said["y"] > bar["y"] + bar["height"]  # It lies over the charts and hides nothing else.
        redis.kill9()
        expect(steps.nth(1)).to_have_attribute("data-state", "bad", timeout=SOON_MS)


def test_words_half_as_long_again_and_double_zoom_fit(page):
    page.evaluate(
        """for (const node of document.querySelectorAll('[data-i18n], .verdict-text, .service-status, .line, .note')) {
          node.textContent += ' ' + node.textContent.slice(0, Math.ceil(node.textContent.length * .4));
        }"""
    )
    for width in (320, 640, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_what_is_pressed_is_large_enough(page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator("#menu").click()
    small = page.evaluate(
        """[...document.querySelectorAll('button, a[href], input, select, summary')].flatMap((node) => {
          const { width, height } = node.getBoundingClientRect();
          const isShown = node.checkVisibility({ visibilityProperty: true }) && !node.matches('.skip');
          return isShown && (width < 24 || height < 24) && !node.closest('label') ? [node.outerHTML] : [];
        })"""
    )
    assert small == []


@pytest.fixture
def tabs(context, stack):
    context.add_init_script(SPY)
    pages = [context.new_page() for _ in range(6)]
    for page in pages:
        page.goto(f"{stack.url}/monitor")
    return pages


def leaders(pages) -> list[int]:
    return [number for number, page in enumerate(pages) if page.evaluate(OPEN)]


def test_six_tabs_share_a_stream_and_the_next_leads_without_a_gap(tabs, stack):
    for page in tabs:
        state_is(page, "live")
    assert len(leaders(tabs)) == 1

    # Another host in one tab: the stream brings both.
    now = time.time()
    with redis_client(stack.redis_url) as client:
        LiveStore(client).append(make_sample(host="zz-2", at=now, slot=int(now * 1000)))
    last = tabs[5]
    expect(last.locator("#hosts")).to_be_visible(timeout=SOON_MS)
    last.locator(".host[data-host=zz-2] .host-row").click()
    expect(last.locator("#host-name")).to_have_text("zz-2")
    expect(last.locator("#card-ram .value")).not_to_have_text("—", timeout=SOON_MS)
    takes_a_sample(tabs[4])
    assert len(leaders(tabs)) == 1

    # The leader closes.
    tabs.pop(leaders(tabs)[0]).close()
    rest = tabs[:4]
    for page in rest:
        page.evaluate("window.states.clear()")
    for page in rest:
        takes_a_sample(page)
    assert len(leaders(tabs)) == 1
    # A sample may be late; no page has had to connect, and none was without what it showed.
    seen = {state for page in rest for state in page.evaluate("[...window.states]")}
    assert {"live"} <= seen <= {"live", "delayed", "stale"}

    # The leader is frozen in the background: whoever is looked at goes on.
    tabs[leaders(tabs)[0]].evaluate("document.dispatchEvent(new Event('freeze'))")
    wait_until(lambda: len(leaders(tabs)) == 1, what="another tab leads")


FACTS = {"queue": "dispatch", "idle_s": 75, "waiting": 130}
STANDSTILL = {
    "worker": Check(status=Status.OFFLINE, reason="no_progress", facts=FACTS),
    "rabbitmq": Check(status=Status.ONLINE, latency_ms=1.0),
    "database": Check(status=Status.ONLINE, latency_ms=1.0),
}


@contextmanager
def sampling(redis_url, **overrides):
    """A collector that says the same in every sample."""
    store, stopping = LiveStore(redis_client(redis_url)), threading.Event()

    def run():
        while not stopping.wait(0.5):
            now = time.time()
            store.append(make_sample(at=now, slot=int(now * 10), **overrides), interval_s=0.3)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)], ids=["desk", "phone"])
def test_a_standstill_is_told_alike_by_the_line_on_top_the_chip_the_title_and_health(browser, complaints, size):
    viewport = {"width": size[0], "height": size[1]}
    queues = (make_queue(ready=130, peak=130),)
    held = Finding(level=Level.BAD, code="slots_held", facts={"busy": 8, "slots": 8, "oldest_s": 725})
    verdict = replace(make_sample(queues=queues, checks=STANDSTILL).verdict, cause=held)
    with (
        RedisServer() as redis,
        WebServer(redis.url) as web,
        sampling(redis.url, queues=queues, checks=STANDSTILL, verdict=verdict),
        signed_in(browser, [], complaints, viewport=viewport) as context,
    ):
        page = context.new_page()
        page.goto(f"{web.url}/monitor")
        page.fill("[name=email]", EMAIL)
        page.fill("[name=password]", PASSWORD)
        page.click("button[type=submit]")

        standstill = re.compile("^Parado: 130 na fila, nada sai há ")
        expect(page.locator("#verdict-text")).to_have_text(standstill, timeout=SOON_MS)
        cause = re.compile("^Causa: todos os processos ocupados: 8 de 8, o mais antigo há 12.min$")
        expect(page.locator("#verdict-cause")).to_have_text(cause)
        row = page.locator("#card-services [data-service=worker]")
        expect(row).to_have_attribute("data-status", "offline")
        expect(row.locator(".service-status")).to_have_text("parado")
        expect(row.locator(".service-reason")).to_have_text("130 na fila, nada sai há 1 min 15 s")
        expect(page).to_have_title(re.compile(r"^\(!\) 1 falha"))
        health = web.get("/healthz", role=None)
        told = json.loads(health.body)
        assert (health.status, told["status"], told["services"]["worker"]) == (503, "fail", "offline")
        assert violations_in(page) == {}
        shoot(page, f"standstill-{size[0]}")
