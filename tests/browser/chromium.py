"""Debian's Chromium, driven by Playwright."""

import shutil

from playwright.sync_api import Browser, Page, Playwright

from tests.process import give_up
from tests.stack import EMAIL, Stack
from tests.web import PASSWORD

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def launch(playwright: Playwright) -> Browser:
    """A headless browser. Without Chromium the test is skipped, and fails where `CI` is set."""
    path = shutil.which("chromium")
    if path is None:
        give_up("chromium is not installed")
    return playwright.chromium.launch(executable_path=path, args=list(FLAGS))


def sign_in(page: Page, stack: Stack) -> None:
    """Through the login form, as a person does."""
    page.goto(f"{stack.url}/monitor")
    page.fill("[name=email]", EMAIL)
    page.fill("[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url("**/monitor")
