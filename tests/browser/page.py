"""What the tests of the page share: a signed-in browser, and what the console must not have said."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyotp
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.chromium import open_panel
from tests.process import PATIENCE_S
from tests.web import WebClient

SOON_MS = PATIENCE_S * 1000


class Complaints(list[str]):
    """What consoles said that they should not have."""

    def __init__(self) -> None:
        super().__init__()
        self._excused: tuple[str, ...] = ()

    def excuse(self, beginning: str) -> None:
        """Whoever breaks a thing says what the browser, not the page, then writes by itself."""
        self._excused += (beginning,)
        self[:] = [said for said in self if not said.startswith(beginning)]

    def append(self, said: str) -> None:
        """Unless it is excused."""
        if not said.startswith(self._excused or ("\0",)):
            super().append(said)


def code_of(secret: str, steps: int = 0) -> str:
    """An authenticator's one-time code of now, or of so many steps later.

    A code is taken in the steps beside its own too, so this step's and the next one's have half a minute at least.
    """
    return str(pyotp.TOTP(secret).at(int(time.time()) + 30 * steps))


def shoot(page: Page, name: str) -> None:
    """Keep a picture of the whole page where SHOTS says, for somebody to look at."""
    if directory := os.environ.get("SHOTS"):
        page.screenshot(path=f"{directory}/{name}.png", full_page=True)


def login_cookies(browser: Browser, server: WebClient) -> list[Any]:
    """The cookies of one login: an address may fail only five times a minute."""
    context = browser.new_context()
    open_panel(context.new_page(), server.url)
    cookies = context.cookies()
    context.close()
    return cookies


@contextmanager
def signed_in(browser: Browser, cookies: list[Any], complaints: Complaints, **options: Any) -> Iterator[BrowserContext]:
    """A browser of its own whose pages' complaints (errors, warnings, CSP reports) are gathered."""
    context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, "locale": "pt-BR"} | options)
    context.add_cookies(cookies)
    context.on("page", lambda page: watch(page, complaints))
    yield context
    context.close()


def watch(page: Page, complaints: Complaints) -> None:
    """Gather what the page's console says; what the content security policy forbids is said there by Chromium."""
    page.on("console", lambda told: complaints.append(told.text) if told.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))


def takes_a_sample(page: Page) -> None:
    """Wait for the next one: the newest row in the table of a chart is another. The verdict may stay."""
    page.evaluate("document.querySelector('#chart-queue details').open = true")
    newest = page.locator("#chart-queue tbody th").first
    before = newest.inner_text()
    expect(newest).not_to_have_text(before)
    page.evaluate("document.querySelector('#chart-queue details').open = false")


def state_is(page: Page, state: str, timeout_ms: float = SOON_MS) -> None:
    """Wait until the chip says so."""
    expect(page.locator("#connection")).to_have_attribute("data-state", state, timeout=timeout_ms)
