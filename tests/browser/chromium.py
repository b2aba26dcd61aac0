"""Debian's Chromium, driven by Playwright.

Its build without a window, `chromium-headless-shell`: the same engine, and a page takes a third of the CPU time, since
`chromium --headless` also draws the toolbar of each window that nobody sees.
"""

import shutil

from playwright.sync_api import Browser, Page, Playwright

from tests.logins import EMAIL, PASSWORD
from tests.process import give_up

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def launch(playwright: Playwright) -> Browser:
    """A headless browser. Without Chromium the test is skipped, and fails where `CI` is set."""
    path = shutil.which("chromium-headless-shell")
    if path is None:
        give_up("chromium-headless-shell is not installed")
    return playwright.chromium.launch(executable_path=path, args=list(FLAGS))


def log_in(page: Page, url: str, email: str = EMAIL, password: str = PASSWORD) -> None:
    """Fill in the login form of the panel at `url` and send it; what comes next is not waited for."""
    page.goto(f"{url}/login")
    page.fill("[name=email]", email)
    page.fill("[name=password]", password)
    page.click("button[type=submit]")


def open_panel(page: Page, url: str) -> None:
    """Log in and wait for the panel."""
    log_in(page, url)
    page.wait_for_url("**/monitor")
