"""What the browser tests share: one Chromium a run, one stack a file, and what the pages must not complain of."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.browser.chromium import launch
from tests.browser.page import SOON_MS, Complaints, login_cookies
from tests.stack import Stack


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    expect.set_options(timeout=SOON_MS)  # Its own 5 s say more of the machine than of the page.
    with sync_playwright() as playwright:
        browser = launch(playwright)
        new_context = browser.new_context

        def patient_context(**options: Any) -> BrowserContext:
            context = new_context(**options)
            context.set_default_timeout(SOON_MS)
            return context

        browser.new_context = patient_context  # type: ignore[method-assign]
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """Everything, as `make run` starts it."""
    with Stack() as stack:
        yield stack


@pytest.fixture(scope="module")
def cookies(browser: Browser, stack: Stack) -> list[Any]:
    """Of somebody who is signed in."""
    return login_cookies(browser, stack)


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """Errors, warnings and reports of the content security policy: any that is not excused fails the test."""
    complaints = Complaints()
    yield complaints
    assert complaints == []
