"""The page in Debian's Chromium, fed by the whole stack; what breaks it is really broken."""

import re
import time

import pytest
from playwright.sync_api import Page, expect

from store.samples.live import LiveStore, redis_client
from store.samples.model import Check, Status
from store.samples.resources import Container
from tests.browser.chromium import open_panel
from tests.browser.page import SOON_MS, signed_in, state_is, takes_a_sample
from tests.builders import make_sample
from tests.logins import EMAIL
from tests.process import PATIENCE_S, wait_until
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.live]


def write_sample(stack: Stack, host: str, **overrides) -> None:
    """A tick of a host that has no collector of its own."""
    now = time.time()
    with redis_client(stack.redis_url) as client:
        LiveStore(client).append(make_sample(host=host, at=now, slot=int(now * 1000), **overrides))


def row_of(page: Page, host: str):
    return page.locator(f".host[data-host={host}]")


def value_of(page: Page, card: str) -> str:
    return page.locator(f"#card-{card} .value").inner_text()


def height_drawn(page: Page, chart: str, series: str) -> float:
    """The share of a chart's canvas, top to bottom, that the pixels in the colour of a series span."""
    return page.evaluate(
        """([chart, series]) => {
          const source = document.querySelector(`#${chart} canvas`);
          const copy = new OffscreenCanvas(source.width, source.height);
          const context = copy.getContext('2d', { willReadFrequently: true });
          const rgb = getComputedStyle(document.querySelector(`#${chart} [data-series=${series}]`)).color;
          context.fillStyle = rgb;
          context.fillRect(0, 0, 1, 1);
          const wanted = context.getImageData(0, 0, 1, 1).data;
          context.clearRect(0, 0, 1, 1);
          context.drawImage(source, 0, 0);
          const { data, width, height } = context.getImageData(0, 0, copy.width, copy.height);
          const rows = [];
          for (let at = 0; at < data.length; at += 4) {
            if ([0, 1, 2].every((part) => Math.abs(data[at + part] - wanted[part]) < 12)) rows.push(at / 4 / width);
          }
          return rows.length ? (rows[rows.length - 1] - rows[0]) / height : 0;
        }""",
        [chart, series],
    )


def test_a_super_admin_signs_in_and_the_page_lives(page):
    state_is(page, "live")
    for card in ("cpu", "ram", "queue"):
        expect(page.locator(f"#card-{card} .value")).to_have_text(re.compile(r"^\d[\d.,]*$"), timeout=SOON_MS)
    expect(page.locator("#card-services .services li")).to_have_count(3)
    expect(page.locator("#chart-resources canvas")).to_be_visible()

    takes_a_sample(page)


def test_the_first_paint_has_data_without_any_event(page, stack, complaints):
    complaints.excuse("Failed to load resource: net::ERR_FAILED")
    page.route("**/stream*", lambda route: route.abort())
    page.reload()

    expect(page.locator("#card-ram .value")).to_have_text(re.compile(r"^\d"), timeout=SOON_MS)


def test_a_burst_shows_on_the_card_and_as_a_peak_on_the_chart(page, stack):
    state_is(page, "live")
    assert height_drawn(page, "chart-queue", "queue_peak") < 0.1

    stack.burst(150)

    expect(page.locator("#card-queue .line")).to_have_text(re.compile(r"1[0-9]{2}"), timeout=SOON_MS)
    wait_until(lambda: height_drawn(page, "chart-queue", "queue_peak") > 0.4, what="the peak is drawn")


NOTE_STATES = """() => {
  const chip = document.getElementById('connection');
  window.passed = [chip.dataset.state];
  new MutationObserver(() => {
    if (chip.dataset.state !== window.passed.at(-1)) window.passed.push(chip.dataset.state);
  }).observe(chip, { attributes: true });
}"""
"""Keeps the states that the chip passes: one of them lasts three seconds, which a busy machine can look past."""


def test_a_silent_collector_turns_the_page_stale_and_its_return_live_again(page, stack):
    state_is(page, "live")
    collector = stack.process("collector")
    page.evaluate(f"({NOTE_STATES})()")
    collector.suspend()
    try:
        state_is(page, "stale")
        assert page.evaluate("window.passed")[-2:] == ["delayed", "stale"]
        expect(page.locator("#verdict")).to_have_attribute("data-level", "unknown")
        expect(page.locator("#favicon")).to_have_attribute("href", re.compile("favicon-unknown"))
        expect(page.locator("#verdict")).to_contain_text("coletor", timeout=SOON_MS)  # It asks the server first.
        assert stack.get("/healthz", role=None).status == 503
    finally:
        collector.resume()

    state_is(page, "live")


def test_a_lost_server_reads_otherwise_than_a_silent_collector_and_the_page_returns_by_itself(page, stack, complaints):
    complaints.excuse("Failed to load resource: net::ERR_")
    state_is(page, "live")
    page.context.set_offline(True)
    victim = stack.process("web")
    victim.kill()
    victim.wait(PATIENCE_S)

    state_is(page, "offline")
    wait_until(stack.is_fresh)
    assert "coletor" not in page.locator("#verdict").inner_text()
    page.context.set_offline(False)

    state_is(page, "live")


def test_a_second_host_can_be_looked_at_and_once_silent_forgotten(page, stack):
    state_is(page, "live")
    expect(page.locator("#hosts")).to_be_hidden()
    online = {
        "worker": Check(status=Status.ONLINE, facts={"ask": "ask_denied"}),
        "rabbitmq": Check(status=Status.ONLINE),
    }
    sample = make_sample()
    backend = Container(name="backend", age_s=0.5, cpu=sample.cpu, ram=sample.ram)
    write_sample(
        stack,
        "zz-2",
        checks={"database": Check(status=Status.OFFLINE, reason="refused"), **online},
        containers=(backend,),
    )

    expect(page.locator("#elsewhere")).to_contain_text("zz-2: banco de dados não responde", timeout=SOON_MS)
    expect(row_of(page, "zz-2").locator("[data-service=database]")).to_have_attribute("data-status", "offline")
    row_of(page, "zz-2").locator(".host-row").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#verdict-text")).to_have_text("Banco de dados não responde")
    expect(page.locator("#resources-list")).to_contain_text("backend")
    expect(page.locator("#card-services [data-service=worker] .service-reason")).to_have_text(
        "os workers não foram consultados: o painel não tem permissão"
    )
    page.goto(f"{stack.url}/monitor")  # The worst host as long as it speaks, and then the one chosen last.
    expect(page.locator("#host-name")).to_have_text("zz-2")

    state_is(page, "stale")
    expect(row_of(page, "zz-2").locator(".host-state")).to_contain_text("sem dados há", timeout=SOON_MS)
    row_of(page, "zz-2").get_by_role("button", name="Esquecer").click()
    page.get_by_role("dialog").get_by_role("button", name="Esquecer").click()
    expect(page.locator("#hosts")).to_be_hidden()
    state_is(page, "live")
    expect(page.locator("#host-name")).not_to_have_text("zz-2")


def test_two_hundred_hosts_stay_usable(page, stack):
    own = page.locator("#host-name").inner_text()
    for number in range(200):
        checks = {"database": Check(status=Status.OFFLINE if number == 150 else Status.ONLINE)}
        write_sample(stack, f"zz-{number:03}", checks=checks)
    expect(page.locator(".host")).to_have_count(201, timeout=SOON_MS)
    page.goto(f"{stack.url}/monitor?host={own}")

    expect(page.locator(".host").first).to_have_attribute("data-host", "zz-150", timeout=SOON_MS)
    assert page.locator("#hosts").bounding_box()["height"] < 320
    page.locator("#hosts-filter").fill("zz-07")
    expect(page.locator(".host:visible")).to_have_count(10)
    with redis_client(stack.redis_url) as client:
        for number in range(200):
            LiveStore(client).forget_host(f"zz-{number:03}")
    expect(page.locator("#hosts")).to_be_hidden(timeout=SOON_MS)


def test_a_session_that_ended_is_told_as_such(browser, stack):
    context = browser.new_context(locale="pt-BR")
    page = context.new_page()
    open_panel(page, stack.url)
    state_is(page, "live")
    other = context.new_page()
    other.goto(f"{stack.url}/monitor")
    other.get_by_role("button", name="Sair").click()
    other.wait_for_url("**/login*")

    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")

    state_is(page, "signed_out")
    context.close()


def test_both_languages_and_themes_are_a_click_away_and_stay(page, complaints):
    complaints.excuse("Failed to load resource: net::ERR_FAILED")
    state_is(page, "live")
    page.route("**/locales/*", lambda route: route.abort())
    with page.expect_event("requestfailed"):
        page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "pt-BR")  # Whose words it still has.
    page.unroute("**/locales/*")
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#card-queue h2")).to_have_text("Queue")
    expect(page.locator("[data-switch=theme] button[value=dark]")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("t")
    page.reload()

    expect(page.locator("#card-queue h2")).to_have_text("Queue")
    expect(page.locator("[data-switch=theme] button[value=light]")).to_have_attribute("aria-pressed", "true")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert min(map(int, re.findall(r"\d+", background)[:3])) > 200


def test_no_width_needs_sideways_scrolling_whatever_a_host_is_called(page, stack):
    name = "worker-7." + "producao." * 6
    write_sample(stack, name[:63])
    page.goto(f"{stack.url}/monitor?host={name[:63]}")
    expect(page.locator("#connection-age")).to_contain_text("há", timeout=SOON_MS)
    for width in (320, 390, 768, 1920):
        page.set_viewport_size({"width": width, "height": 800})
        page.evaluate("document.getElementById('reload').hidden = false")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("#host-name").evaluate("(name) => name.clientWidth") > 60
        chip = page.locator("#connection").bounding_box()
        assert chip["x"] + chip["width"] <= width
        assert page.locator("#connection").evaluate("(chip) => chip.scrollWidth <= chip.clientWidth")
    with redis_client(stack.redis_url) as client:
        LiveStore(client).forget_host(name[:63])


def test_the_first_screen_of_a_phone_answers(page):
    page.set_viewport_size({"width": 390, "height": 844})
    state_is(page, "live")
    edge = page.locator("[role=tablist]").bounding_box()["y"]
    for region in ("verdict", "card-queue", "card-wait", "card-flow", "card-failure"):
        box = page.locator(f"#{region}").bounding_box()
        assert box["y"] + box["height"] <= edge, region
    assert page.locator(".chart:visible").count() == 1
    page.locator("#segments button[value=chart-resources]").click()
    expect(page.locator("#chart-resources .plot")).to_be_visible()
    expect(page.locator("#chart-queue")).to_be_hidden()
    page.locator("#tab-resources").click()
    expect(page.locator("#resources-list")).to_be_in_viewport()


def test_the_tabs_are_reached_by_one_tab_stop_and_the_arrow_keys(page, stack):
    page.locator("#tab-logs").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#tab-resources")).to_be_focused()
    expect(page.locator("#resources")).to_be_visible()
    expect(page.locator("#logs")).to_be_hidden()
    assert page.locator("[role=tab][tabindex='0']").count() == 1
    page.reload()

    expect(page.locator("#tab-resources")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("l")
    expect(page.locator("#logs")).to_be_focused()


def test_the_tables_of_workers_are_asked_for_only_while_a_tab_shows_them(page, stack):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/workload" in request.url else None)
    takes_a_sample(page)
    assert asked == []

    page.locator("#tab-workers").click()
    expect(page.locator("#workers-table tbody tr").first).to_be_visible(timeout=SOON_MS)
    assert "host=" in asked[0]
    page.locator("#tab-logs").click()
    known = len(asked)
    takes_a_sample(page)
    takes_a_sample(page)
    assert len(asked) == known


def test_on_paper_the_charts_are_whole_and_dated_and_nothing_is_to_be_pressed(page):
    state_is(page, "live")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.set_viewport_size({"width": 720, "height": 1000})  # About what A4 leaves.

    expect(page.locator("#printed")).to_have_text(re.compile(r"\d\d/\d\d/\d{4}, \d\d:\d\d"))
    expect(page.locator("button:visible")).to_have_count(0)
    for plot in page.locator(".plot:visible").all():
        box, drawn = plot.bounding_box(), plot.locator("canvas").bounding_box()
        assert drawn["width"] <= box["width"] + 1
        assert drawn["height"] <= box["height"] + 1


def test_a_finger_that_rests_on_a_chart_reads_it(browser, cookies, stack, complaints):
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    with signed_in(browser, cookies, complaints, **phone) as context:
        page = context.new_page()
        page.goto(f"{stack.url}/monitor")
        state_is(page, "live")
        page.locator("#segments button[value=chart-resources]").click()
        page.locator("#chart-resources").scroll_into_view_if_needed()
        box = page.locator("#chart-resources .u-over").bounding_box()
        finger = {"x": box["x"] + box["width"] * 0.9, "y": box["y"] + box["height"] / 2}
        touch = context.new_cdp_session(page)
        touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [finger]})

        expect(page.locator("#tooltip")).to_contain_text("RAM")
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_wrong_password_is_refused_in_words_and_tells_nothing(browser, stack):
    page = browser.new_page(locale="pt-BR")
    page.goto(f"{stack.url}/login")
    page.fill("[name=email]", EMAIL)
    page.fill("[name=password]", "not the password")
    page.click("button[type=submit]")

    expect(page.get_by_role("alert")).to_be_visible()
    assert page.url.endswith("/login")
    page.close()
