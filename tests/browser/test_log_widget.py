"""The widget of critical logs, fed by the handler that services use; what they write is hostile."""

import logging
import re
import time

import pytest
from playwright.sync_api import Page, expect

from collector.logs import CriticalLogHandler
from tests.browser.page import SOON_MS, state_is

pytestmark = [pytest.mark.browser, pytest.mark.live]

HOSTILE = (
    "<img src=x onerror=document.title='owned'>",
    "<script>document.title='owned'</script>",
    "</template><svg onload=document.title='owned'>",
    "javascript:document.title='owned'",
    "{{7*7}}${7*7}#{7*7}%00",
    "\u202egnp.exe \u2066 right to left \x1b[31mred\x07",
    "مرحبا بالعالم",
    "x" * 5000,
    "Z\u0351\u036b\u0343" * 40,
)


@pytest.fixture
def logger(stack):
    """A service's logger, as its developers set it up."""
    logger = logging.getLogger("zapvoice.calls")
    logger.propagate = False
    handler = CriticalLogHandler(stack.redis_url, "backend", host="web-1")
    logger.addHandler(handler)
    yield logger
    logger.removeHandler(handler)
    handler.close()


def first_row(page: Page):
    return page.locator("#logs-list .log").first


def test_an_empty_list_says_that_it_was_looked_at(page):
    state_is(page, "live")

    expect(page.locator("#logs-none-text")).to_have_text("Nenhum erro crítico em 24 h")
    expect(page.locator("#logs-checked")).to_have_text(re.compile(r"^\(verificado há \d+\ss\)$"))


def test_a_failure_appears_at_once_with_its_repeats_and_opens_by_the_keyboard(page, logger):
    state_is(page, "live")
    before_s = time.time()
    try:
        raise ValueError("no such voice")
    except ValueError:
        logger.critical("call failed", exc_info=True)
        logger.critical("call failed", exc_info=True)

    row = first_row(page)
    expect(row).to_contain_text("call failed", timeout=SOON_MS)
    expect(row.locator(".log-level")).to_have_text("Crítico")
    expect(row.locator(".log-source")).to_have_text("backend web-1")
    expect(row.locator(".log-count")).to_have_text("×2", timeout=SOON_MS)
    expect(page.locator("#logs-last")).to_contain_text("último erro há")
    page.keyboard.press("l")
    page.keyboard.press("Tab")
    row.locator(".log-row").focus()
    page.keyboard.press("Enter")
    expect(row.locator(".log-row")).to_have_attribute("aria-expanded", "true")
    expect(row.locator(".log-traceback")).to_contain_text("ValueError: no such voice")
    shown = re.search(r"from=(\d+)&to=(\d+)&at=", page.url)  # The charts have gone to its time.
    assert shown is not None
    assert 120 <= int(shown[2]) - int(shown[1]) <= 122
    assert before_s - 2 <= int(shown[2]) <= time.time() + 1  # It ends now: the line has only just come.
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    row.get_by_role("button", name="Copiar").click()
    # It says so for two seconds, within which a busy machine may not look: what is kept is what it was pressed for.
    page.wait_for_function("navigator.clipboard.readText().then((text) => text.includes('CRITICAL'))")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert re.match(r"\d{4}-\d\d-\d\dT.*Z CRITICAL web-1 backend zapvoice\.calls \(×2 since ", copied)
    assert "ValueError: no such voice" in copied


def test_what_is_written_to_hurt_is_shown_as_text(page, logger):
    state_is(page, "live")
    before = page.locator(".log").count()
    for text in HOSTILE:
        logger.error("%s", text)
    expect(page.locator(".log")).to_have_count(before + len(HOSTILE), timeout=SOON_MS)
    for row in page.locator("#logs-list .log-row").all():
        row.click()

    assert page.locator("#logs :is(img, script, iframe, a)").count() == 0
    assert "owned" not in page.title()
    expect(page.locator("#logs-list")).to_contain_text(HOSTILE[0])
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_who_reads_is_not_disturbed_by_what_is_new(page, logger):
    state_is(page, "live")
    page.locator("#logs-scroll").focus()
    before = first_row(page).get_attribute("data-log")
    logger.error("a new one")

    pill = page.locator("#logs-more")
    expect(pill).to_have_text("1 nova", timeout=SOON_MS)
    assert first_row(page).get_attribute("data-log") == before
    pill.click()
    expect(first_row(page)).to_contain_text("a new one")
    expect(pill).to_be_hidden()


def test_the_list_is_filtered_by_words_and_severity(page, logger):
    state_is(page, "live")
    logger.error("needle in the haystack")
    expect(page.locator("#logs-list")).to_contain_text("needle", timeout=SOON_MS)
    page.locator("#logs-query").fill("NEEDLE hay")
    expect(page.locator(".log")).to_have_count(1)
    page.locator("#logs-level").select_option("critical")

    expect(page.locator(".log")).to_have_count(0)
    expect(page.locator("#logs-none-text")).to_have_text("Nenhum log com esse filtro")


def test_what_was_logged_while_the_page_was_away_is_there_when_it_returns(page, logger):
    state_is(page, "live")
    page.evaluate("document.dispatchEvent(new Event('freeze'))")
    logger.error("while you were out")
    logger.handlers[0].flush()
    page.evaluate("document.dispatchEvent(new Event('resume'))")

    expect(page.locator("#logs-list")).to_contain_text("while you were out", timeout=SOON_MS)


SMALL = """(least_px) => [...document.querySelectorAll('body *')].flatMap((node) => {
  const text = [...node.childNodes].filter(({ nodeType }) => nodeType === 3).map(({ data }) => data.trim()).join('')
  const isShown = text && node.checkVisibility({ visibilityProperty: true }) && !node.closest('.sr, .skip, #tv-close')
  return isShown && parseFloat(getComputedStyle(node).fontSize) < least_px ? [`${node.className}: ${text}`] : []
})"""


def test_a_wall_is_one_window_of_large_type_that_shows_the_queue_and_no_traceback(page, logger):
    state_is(page, "live")
    try:
        raise ValueError("no voice on the wall")
    except ValueError:
        logger.critical("call failed on the wall", exc_info=True)
    page.keyboard.press("k")
    for width, height in ((844, 390), (1366, 768), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        expect(page.locator("#card-failure .line")).to_have_text("call failed on the wall", timeout=SOON_MS)
        expect(page.locator(".log-traceback:visible")).to_have_count(0)
        expect(page.locator("#card-queue .value").first).to_be_in_viewport(ratio=1)
        assert page.evaluate("document.documentElement.scrollHeight") <= height
    assert page.evaluate(SMALL, 20) == []
    assert page.locator("#verdict").bounding_box()["height"] >= 1080 / 3
    expect(page.locator("#wall-clock")).to_have_text(re.compile(r"^\d\d:\d\d:\d\d$"))
