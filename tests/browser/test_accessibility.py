"""axe-core over the login and the panel, in their states, both themes and both languages: no violation."""

import re
import time
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Page, expect

from tests.browser.page import signed_in, state_is
from tests.services import RedisServer
from tests.stack import EMAIL
from tests.web import PASSWORD, WebServer

pytestmark = [pytest.mark.browser, pytest.mark.live]

AXE = Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOKS = [("en", "light"), ("pt-BR", "dark")]
SOON_MS = 20_000


@pytest.fixture
def page(browser, cookies, complaints):
    with signed_in(browser, cookies, complaints) as context:
        yield context.new_page()


def violations(page: Page) -> list[str]:
    """What axe finds, a line for each: the rule and where."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(
            AXE.read_text(encoding="utf-8")
        )  # By DevTools: the content security policy takes no script of it.
    found = page.evaluate(
        "(tags) => axe.run(document, { runOnly: tags, resultTypes: ['violations'] }).then((said) => said.violations)",
        TAGS,
    )
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found for node in rule["nodes"]]


def violations_in(page: Page, looks: list[tuple[str, str]]) -> dict[tuple[str, str], list[str]]:
    """In these languages and themes, switched in place, beside an open dialog too; only what was found."""
    found = {}
    for language, theme in looks:
        for switch, value in (("language", language), ("theme", theme)):
            page.evaluate(f"document.querySelector(`[data-switch={switch}] button[value='{value}']`).click()")
        expect(page.locator("#verdict")).to_have_attribute("aria-label", {"en": "Situation"}.get(language, "Situação"))
        if said := violations(page):
            found[language, theme] = said
    return found


def log_in(page: Page, url: str) -> None:
    """As far as the password goes."""
    page.goto(f"{url}/login")
    page.fill("[name=email]", EMAIL)
    page.fill("[name=password]", PASSWORD)
    page.click("button[type=submit]")


def test_the_panel_live_stale_and_narrow(page, stack):
    page.goto(f"{stack.url}/monitor")
    state_is(page, "live")
    everywhere = [(language, theme) for language in ("en", "pt-BR") for theme in ("light", "dark")]
    assert violations_in(page, everywhere) == {}

    page.set_viewport_size({"width": 390, "height": 800})
    page.locator("#menu").click()
    assert violations(page) == []
    page.set_viewport_size({"width": 1440, "height": 900})
    collector = stack.process("collector")
    collector.suspend()
    try:
        state_is(page, "stale", SOON_MS)
        assert violations_in(page, everywhere) == {}
    finally:
        collector.resume()
    state_is(page, "live")


def test_what_opens_over_the_panel_and_the_wall(page, stack):
    stack.burst(20, 1)
    page.goto(f"{stack.url}/monitor")
    state_is(page, "live")

    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    assert violations_in(page, LOOKS) == {}
    page.keyboard.press("Escape")
    page.locator("#period-open").click()
    assert violations_in(page, LOOKS) == {}
    page.keyboard.press("Escape")
    page.locator("#export summary").click()
    assert violations_in(page, LOOKS) == {}
    page.keyboard.press("Escape")
    page.locator(".log-row").first.click(timeout=SOON_MS)
    expect(page.locator(".log-traceback").first).to_be_visible()
    page.locator("#chart-queue summary").click()
    assert violations_in(page, LOOKS) == {}
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.keyboard.press("k")
    assert violations_in(page, LOOKS) == {}


def test_the_panel_without_a_network_and_without_a_login(page, stack, complaints):
    complaints.excuse("Failed to load resource: net::ERR_INTERNET_DISCONNECTED")
    complaints.excuse("Failed to load resource: the server responded with a status of 401")
    page.goto(f"{stack.url}/monitor")
    state_is(page, "live")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    page.context.set_offline(True)
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow'))")
    state_is(page, "offline")
    assert violations(page) == []

    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    page.context.clear_cookies()
    page.context.set_offline(False)
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow'))")
    state_is(page, "signed_out")
    assert violations_in(page, LOOKS) == {}


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
        assert violations_in(page, LOOKS) == {}

        page.click(".account-email")
        assert violations(page) == []
        secret = (page.text_content(".door-secret code") or "").replace(" ", "")
        page.fill("[name=password]", PASSWORD)
        page.fill("[name=code]", pyotp.TOTP(secret).at(int(time.time()) - 30))
        page.click("button[type=submit]")
        expect(page.locator(".door-codes")).to_be_visible()
        assert violations(page) == []

        with signed_in(browser, [], complaints, locale="en-US", color_scheme="light") as other:
            tab = other.new_page()
            tab.goto(f"{web.url}/login")
            assert violations(tab) == []
            log_in(tab, web.url)
            tab.wait_for_url(re.compile("/login/code"))
            assert violations(tab) == []
            tab.fill("[name=code]", pyotp.TOTP(secret).now())
            tab.click("button[type=submit]")
            tab.wait_for_url("**/monitor")
            tab.goto(f"{web.url}/second-factor")
            assert violations(tab) == []
