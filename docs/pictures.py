"""Takes the README's pictures from the running product: `make pictures`."""

import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.chromium import launch, sign_in
from tests.services import wait_until
from tests.stack import Stack

IMAGES = Path(__file__).resolve().parent / "images"


def open_page(browser: Browser, stack: Stack, width: int, height: int, scheme: str) -> Page:
    """The panel in Portuguese, signed in and live."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, locale="pt-BR", device_scale_factor=1.5
    )
    page = context.new_page()
    sign_in(page, stack)
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    return page


def main() -> int:
    """A minute of the demo with two dispatches, then the pictures."""
    with Stack() as stack, sync_playwright() as playwright:
        browser = launch(playwright)
        desktop = open_page(browser, stack, 1360, 830, "dark")
        phone = open_page(browser, stack, 390, 844, "light")
        with stack.stream(timeout_s=20) as stream:
            for tick in range(19):
                stream.next("system_stats")
                if tick in (6, 14):
                    stack.burst(150)
        wait_until(lambda: desktop.locator("#connection").get_attribute("data-state") == "live", 10)
        for name, page in (("monitor", desktop), ("monitor-phone", phone)):
            page.screenshot(path=IMAGES / f"{name}.png")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
