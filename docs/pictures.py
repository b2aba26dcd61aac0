"""Takes the README's pictures from the running product: `make pictures`."""

import io
import re
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.chromium import launch
from tests.browser.page import login_cookies
from tests.stack import Stack

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs/images"
SHOW_ELSEWHERE = """([root, shown]) => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) texts.currentNode.data = texts.currentNode.data.replaceAll(root, shown)
}"""
"""Tracebacks name the demo's files: where somebody keeps a clone is nobody's business."""

COMMON = 176
"""So many of a picture's 256 colours are its commonest; the others stand for all the rest."""


@dataclass(frozen=True)
class Picture:
    """How one of them is taken. query: of the page's address; scale: pixels of the picture per CSS pixel."""

    name: str
    width: int
    height: int
    theme: str
    query: str = ""
    scale: float = 1


PICTURES = (
    Picture("monitor", 1440, 1480, "dark"),
    Picture("monitor-light", 1440, 1480, "light"),
    Picture("monitor-phone", 390, 844, "dark", scale=1.5),
    Picture("monitor-tv", 1920, 1080, "dark", query="?tv=1"),
)


def open_page(browser: Browser, stack: Stack, cookies: list, picture: Picture) -> Page:
    """The panel in Portuguese, signed in and live."""
    context = browser.new_context(
        viewport={"width": picture.width, "height": picture.height}, locale="pt-BR", device_scale_factor=picture.scale
    )
    context.add_cookies(cookies)
    context.add_init_script(f"localStorage.setItem('theme', '{picture.theme}')")
    page = context.new_page()
    page.goto(f"{stack.url}/monitor{picture.query}")
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    return page


def save(shot: bytes, name: str) -> None:
    """As a PNG of 256 colours, a third of the size: the commonest, among them every shade of a gradient, stay exact."""
    with Image.open(io.BytesIO(shot)) as image:
        pixels = image.convert("RGB")
    counted = sorted(pixels.getcolors(pixels.width * pixels.height), reverse=True)
    rare = pixels.quantize(256 - COMMON, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).convert("RGB")
    palette = [color for _, color in counted[:COMMON]] + [color for _, color in rare.getcolors(256)]
    places = {color: min(range(len(palette)), key=partial(_distance, palette, color)) for _, color in counted}
    drawn = Image.frombytes("P", pixels.size, bytes(places[color] for color in pixels.get_flattened_data()))
    drawn.putpalette([part for color in palette for part in color])
    drawn.save(IMAGES / f"{name}.png", optimize=True)


def _distance(palette: list[tuple[int, int, int]], color: tuple[int, int, int], place: int) -> int:
    return sum((one - other) ** 2 for one, other in zip(palette[place], color, strict=True))


def main() -> int:
    """A hundred seconds of the demo with three dispatches, of which the last has failures, then the pictures."""
    with Stack() as stack, sync_playwright() as playwright:
        browser = launch(playwright)
        cookies = login_cookies(browser, stack)
        with stack.stream(timeout_s=20) as stream:
            for tick in range(34):
                stream.next("system_stats")
                if tick in (8, 22, 30):
                    stack.burst(150, 3 if tick == 30 else 0)
        for picture in PICTURES:
            page = open_page(browser, stack, cookies, picture)
            expect(page.locator(".log").first).to_be_visible()
            if picture.query:
                expect(page.locator("html")).to_have_class(re.compile("is-resting"), timeout=10_000)
            # A busy machine would be what the picture tells of.
            calm = re.compile("fine|attention")  # Amber for ten minutes where some messages failed.
            expect(page.locator("#verdict")).to_have_attribute("data-level", calm, timeout=10_000)
            page.evaluate(SHOW_ELSEWHERE, [str(ROOT), "/srv/zapvoice"])
            save(page.screenshot(), picture.name)
            page.context.close()
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
