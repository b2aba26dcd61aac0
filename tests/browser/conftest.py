"""What the browser tests share: one Chromium a run, one stack a file, and what the pages must not complain of."""

import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.chromium import launch
from tests.browser.page import SOON_MS, Complaints, login_cookies, signed_in, state_is
from tests.stack import Stack
from tests.web import ROOT


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


@pytest.fixture(scope="session", autouse=True)
def build() -> None:
    """The page is looked at as it is built."""
    subprocess.run(["node", ROOT / "build.js"], check=True, timeout=60)


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """Everything, as `make run` starts it."""
    with Stack() as stack:
        yield stack


@pytest.fixture(scope="module")
def cookies(browser: Browser, stack: Stack) -> list[Any]:
    """The cookies of the stack's super_admin."""
    return login_cookies(browser, stack)


@pytest.fixture
def context(
    request: pytest.FixtureRequest, browser: Browser, cookies: list[Any], complaints: Complaints
) -> Iterator[BrowserContext]:
    """A browser of its own for each test, with the options that its file names in CONTEXT."""
    with signed_in(browser, cookies, complaints, **getattr(request.module, "CONTEXT", {})) as context:
        yield context


@pytest.fixture
def page(context: BrowserContext, stack: Stack) -> Page:
    """The panel, live."""
    page = context.new_page()
    page.goto(f"{stack.url}/monitor")
    state_is(page, "live")
    return page


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """Errors, warnings and reports of the content security policy: any that is not excused fails the test."""
    complaints = Complaints()
    yield complaints
    assert complaints == []
