"""Takes the pictures of README and docs: `make pictures`. The panel is real; `docs.scenes` makes up what it shows."""

import io
import re
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from docs.film import samples
from docs.scenes import HOST, INTERVAL_S, PAST_S, SCENES, Scene, log_lines
from store import keys
from store.logs.log_group import Batch
from store.logs.log_store import LogStore
from store.samples.live import LiveStore, redis_client
from store.samples.model import Sample
from store.samples.workload import Workload
from tests.browser.chromium import launch
from tests.browser.page import login_cookies
from tests.services import RedisServer
from tests.web import WebServer

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs/images"
COMMON = 96
"""So many of a picture's colours are its commonest; among them is every shade of a line."""
CONTENT_MS = 60_000
"""How long the page may take on a busy machine until it shows what a picture is of."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """How one of them is taken. query: of the page's address; scale: pixels of the picture per CSS pixel."""

    name: str
    scene: str
    size: tuple[int, int] = (1440, 900)
    theme: str = "dark"
    query: str = ""
    scale: float = 1
    tab: str = ""
    """Which tab is open, and scrolled to."""


PICTURES = (
    Picture(name="monitor", scene="monitor", size=(1440, 1480)),
    Picture(name="monitor-light", scene="monitor", size=(1440, 1480), theme="light"),
    Picture(name="monitor-phone", scene="monitor", size=(390, 844), scale=1.5),
    Picture(name="monitor-tv", scene="monitor", size=(1920, 1080), query="?tv=1"),
    Picture(name="stuck", scene="stuck"),
    Picture(name="draining", scene="draining"),
    Picture(name="growing", scene="growing"),
    Picture(name="workers", scene="workers", tab="workers"),
    Picture(name="tasks", scene="workers", tab="tasks"),
    Picture(name="events-off", scene="events-off", tab="workers"),
)


class Film:
    """The web process with a scene: all of it that has happened, and then a sample at every tick."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.redis = RedisServer()
        self._ended = threading.Event()

    @contextmanager
    def playing(self) -> Iterator[WebServer]:
        """Call `begin` when the viewer is signed in: the first picture is of that moment."""
        with ExitStack() as everything:
            everything.enter_context(self.redis)
            self._client = everything.enter_context(redis_client(self.redis.url))
            web = everything.enter_context(WebServer(self.redis.url))
            everything.callback(self._ended.set)
            yield web

    def begin(self) -> None:
        """Write the past and go on in the background."""
        began_s = time.time()
        film = samples(self._scene, began_s - PAST_S)
        for known in (keys.HOSTS, keys.JOINED):
            self._client.zadd(known, {HOST: (began_s - PAST_S) * 1000})
        for at_s, sample, _ in film:
            self._client.xadd(keys.SAMPLES, {"host": HOST, "sample": sample.to_json()}, f"{int(at_s * 1000)}-0")
            if at_s > began_s - 2 * INTERVAL_S:
                break
        LogStore(self._client).write(Batch.gather(log_lines(self._scene)), batch_id=self._scene.name)
        threading.Thread(target=self._go_on, args=(film,), daemon=True).start()

    def _go_on(self, film: Iterator[tuple[float, Sample, Workload]]) -> None:
        store = LiveStore(self._client)
        for at_s, sample, workload in film:
            if self._ended.wait(max(0.0, at_s - time.time())):
                return
            store.append(sample, tables=workload.to_json())


def take(browser: Browser, web: WebServer, cookies: list, picture: Picture) -> bytes:
    """The panel in Portuguese, signed in and live."""
    width, height = picture.size
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale="pt-BR", device_scale_factor=picture.scale
    )
    context.add_cookies(cookies)
    context.add_init_script(f"localStorage.setItem('theme', '{picture.theme}')")
    page = context.new_page()
    page.goto(f"{web.url}/monitor{picture.query}")
    expect(page.locator("#connection")).to_have_attribute("data-state", "live", timeout=CONTENT_MS)
    expect(page.locator("#time-said")).to_be_empty(timeout=CONTENT_MS)
    if picture.query:
        expect(page.locator("html")).to_have_class(re.compile("is-resting"), timeout=CONTENT_MS)
    if picture.tab:
        _open_tab(page, picture.tab)
    shot = page.screenshot()
    context.close()
    return shot


def _open_tab(page: Page, name: str) -> None:
    page.locator(f"#tab-{name}").click()
    page.mouse.move(0, 0)
    expect(page.locator(f"#{name}-table tbody tr").first).to_be_visible(timeout=CONTENT_MS)
    page.locator(".tabs").evaluate("(node) => node.scrollIntoView({ block: 'end', behavior: 'instant' })")


def save(shot: bytes, name: str) -> None:
    """As a PNG of 256 colours, a third of the size: the commonest stay exact, the others are those furthest apart."""
    with Image.open(io.BytesIO(shot)) as image:
        pixels = image.convert("RGB")
    counted = sorted(pixels.getcolors(pixels.width * pixels.height), reverse=True)
    rare = pixels.quantize(256 - COMMON, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).convert("RGB")
    colours = [colour for _, colour in counted[:COMMON]] + [colour for _, colour in rare.getcolors(256)]
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for colour in colours for part in colour])
    pixels.quantize(palette=palette, dither=Image.Dither.NONE).save(IMAGES / f"{name}.png", optimize=True)


def main(names: Sequence[str]) -> int:
    """Takes the pictures of these names, by default all."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for scene in SCENES:
            wanted = [each for each in PICTURES if each.scene == scene.name and (not names or each.name in names)]
            if not wanted:
                continue
            film = Film(scene)
            with film.playing() as web:
                cookies = login_cookies(browser, web)
                film.begin()
                for picture in wanted:
                    save(take(browser, web, cookies, picture), picture.name)
                    print(picture.name, flush=True)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
