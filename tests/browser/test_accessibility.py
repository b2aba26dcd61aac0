"""axe-core over the login and the panel, in their states, both themes and both languages: no violation."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import choose, violations, violations_in
from tests.browser.chromium import log_in
from tests.browser.page import code_of, signed_in, state_is
from tests.logins import EMAIL, PASSWORD
from tests.services import RedisServer
from tests.web import WebServer

pytestmark = [pytest.mark.browser, pytest.mark.live]

SOME_LOOKS = [("en", "light"), ("pt-BR", "dark")]


@pytest.fixture
def page(context):
    return context.new_page()


HOLD_CLOCK = """(() => {
  const [now, wall] = [performance.now(), Date.now()];
  performance.now = () => now;
  Date.now = () => wall;
})()"""
"""The page's clocks stand still from now on: a state that passes stays to be looked at. Both do, since the page takes
a wall clock that runs ahead of the other for a machine that has slept, and connects anew.
"""


GIVE_UP_NEVER = """(() => {
  const later = window.setTimeout;
  window.setTimeout = (then, wait_ms, ...rest) => (wait_ms < 5000 ? later(then, wait_ms, ...rest) : 0);
})()"""
"""The page waits for its stream for ever."""


MAY_BE_DEAF = """(() => {
  const add = EventSource.prototype.addEventListener;
  EventSource.prototype.addEventListener = function (type, listener, ...rest) {
    add.call(this, type, (event) => { if (!window.isDeaf) listener(event); }, ...rest);
  };
})()"""
"""A page that hears nothing of its stream while `isDeaf`: else the server would tell it that a host is silent."""


def hold_in(page: Page, state: str) -> None:
    """Until a reload: keep a live page in a state into which it comes without news, by holding its clocks there.

    Up to there they are slow, so that a state of three seconds is not skipped where the page is seldom given a turn.
    """
    page.evaluate(
        """(state) => {
          window.isDeaf = true;
          const chip = document.getElementById('connection');
          const mono_ms = performance.now.bind(performance);
          const began = { mono_ms: mono_ms(), wall_ms: Date.now() };
          let held_ms = null;
          const passed_ms = () => held_ms ?? (mono_ms() - began.mono_ms) / 3;
          performance.now = () => began.mono_ms + passed_ms();
          Date.now = () => began.wall_ms + passed_ms();
          new MutationObserver(() => {
            if (chip.dataset.state === state) held_ms ??= passed_ms();
          }).observe(chip, { attributes: true });
        }""",
        state,
    )


def test_the_panel_connecting_live_delayed_stale_and_narrow(page, stack, complaints):
    opening = page.context.new_page()
    opening.add_init_script(HOLD_CLOCK)
    opening.add_init_script(GIVE_UP_NEVER)
    opening.route("**/stream*", lambda _: None)  # A server that takes its time.
    opening.goto(f"{stack.url}/monitor")
    expect(opening.locator("#host-name")).not_to_have_text("")
    assert violations_in(opening) == {}
    state_is(opening, "connecting")
    opening.close()

    page.add_init_script(MAY_BE_DEAF)
    page.goto(f"{stack.url}/monitor")
    state_is(page, "live")
    assert violations_in(page) == {}

    page.set_viewport_size({"width": 390, "height": 800})
    page.locator("#menu").click()
    assert violations(page) == []
    page.set_viewport_size({"width": 1440, "height": 900})
    collector = stack.process("collector")
    state_is(page, "live")
    hold_in(page, "delayed")
    collector.suspend()
    try:
        state_is(page, "delayed")
        assert violations_in(page) == {}
        state_is(page, "delayed")
        page.reload()
        state_is(page, "stale")
        assert violations_in(page) == {}
    finally:
        collector.resume()
    state_is(page, "live")


def test_what_opens_over_the_panel_and_the_wall(page, stack):
    stack.burst(20, 1)
    page.goto(f"{stack.url}/monitor")
    state_is(page, "live")

    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    assert violations_in(page, SOME_LOOKS) == {}
    page.keyboard.press("Escape")
    page.locator("#period-open").click()
    assert violations_in(page, SOME_LOOKS) == {}
    page.keyboard.press("Escape")
    page.locator("#export summary").click()
    assert violations_in(page, SOME_LOOKS) == {}
    page.keyboard.press("Escape")
    page.locator(".log-row").first.click()
    expect(page.locator(".log-traceback").first).to_be_visible()
    page.locator("#chart-queue summary").click()
    assert violations_in(page, SOME_LOOKS) == {}
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.keyboard.press("k")
    assert violations_in(page, SOME_LOOKS) == {}


def test_the_panel_without_a_network_and_without_a_login(page, stack, complaints):
    complaints.excuse("Failed to load resource: net::ERR_INTERNET_DISCONNECTED")
    complaints.excuse("Failed to load resource: the server responded with a status of 401")
    page.goto(f"{stack.url}/monitor")
    state_is(page, "live")
    for language in ("en", "pt-BR"):
        choose(page, "language", language)  # While its words can be fetched.
        expect(page.locator("#card-queue h2")).to_have_text({"en": "Queue"}.get(language, "Fila"))
        page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
        page.context.set_offline(True)
        page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow'))")
        state_is(page, "offline")
        for theme in ("light", "dark"):
            choose(page, "theme", theme)
            assert violations(page) == []
        page.context.set_offline(False)
        state_is(page, "live")

    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    page.context.clear_cookies()
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow'))")
    state_is(page, "signed_out")
    assert violations_in(page) == {}


def test_the_first_run_the_login_and_the_second_factor(browser, complaints):
    complaints.excuse("Failed to load resource: the server responded with a status of 401")
    with RedisServer() as redis, WebServer(redis.url) as web, signed_in(browser, [], complaints) as context:
        page = context.new_page()
        page.goto(f"{web.url}/login")
        assert violations(page) == []
        page.fill("[name=email]", EMAIL)
        page.fill("[name=password]", "not the password")
        page.click("button[type=submit]")
        expect(page.get_by_role("alert")).to_be_visible()
        assert violations(page) == []

        log_in(page, web.url)
        state_is(page, "empty")
        expect(page.locator("#first-run")).to_be_visible()
        assert violations_in(page) == {}

        page.click("text=Conta")
        page.wait_for_selector(".entry")
        assert violations(page) == []
        page.click("text=Registro de acessos")
        page.wait_for_selector(".events tbody tr")
        assert violations(page) == []
        page.goto(f"{web.url}/second-factor")
        assert violations(page) == []
        secret = (page.text_content(".sign-in-secret code") or "").replace(" ", "")
        page.fill("[name=password]", PASSWORD)
        page.fill("[name=code]", code_of(secret))
        page.click("button[type=submit]")
        expect(page.locator(".sign-in-codes")).to_be_visible()
        assert violations(page) == []

        with signed_in(browser, [], complaints, locale="en-US", color_scheme="light") as other:
            tab = other.new_page()
            tab.goto(f"{web.url}/login")
            assert violations(tab) == []
            log_in(tab, web.url)
            tab.wait_for_url(re.compile("/login/code"))
            assert violations(tab) == []
            tab.fill("[name=code]", code_of(secret, +1))
            tab.click("button[type=submit]")
            tab.wait_for_url("**/monitor")
            for path in ("/second-factor", "/account", "/audit"):
                tab.goto(f"{web.url}{path}")
                assert violations(tab) == [], path
