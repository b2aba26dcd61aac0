"""What the page costs a browser: `make bench-page`. The whole stack, Debian's Chromium, one table of figures and bars.

Measures the first load of a signed-in user with an empty cache, ten seconds of watching, half a minute of CPU beyond
that of a blank page, and the growth of memory over a day of samples, sent within minutes.
"""

import argparse
import math
import subprocess
import sys
import time
from functools import partial

import psutil
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright

from bench.figures import percentile
from bench.meter import cpu_s, family
from bench.table import Figure, keep
from store.samples.live import LiveStore, redis_client
from store.samples.resources import Cpu, Scope
from tests.browser.chromium import launch, open_panel
from tests.builders import make_sample
from tests.services import wait_until
from tests.stack import Stack
from tests.web import ROOT

LOOKING_ON_S = 10
SETTLE_S = 4
"""A page is still busy after its load, which costs half a second of CPU."""
INTERVAL_S = 3

# Runs before the page's own scripts: when a canvas first got a line that is not straight up or across (axes and grids
# are), told in the task after that frame; how far things jumped; what broke the content security policy.
WATCH = """
window.bench = { painted_ms: null, shift: 0, samples: 0 };
const listen = EventSource.prototype.addEventListener;
EventSource.prototype.addEventListener = function (type, listener, ...rest) {
  if (type !== 'system_stats') return listen.call(this, type, listener, ...rest);
  return listen.call(this, type, (event) => { listener(event); window.bench.samples += 1; }, ...rest);
};
const lineTo = Path2D.prototype.lineTo;
const points = new WeakMap();
Path2D.prototype.lineTo = function (x, y) {
  points.set(this, (points.get(this) ?? 0) + 1);
  return lineTo.call(this, x, y);
};
const stroke = CanvasRenderingContext2D.prototype.stroke;
CanvasRenderingContext2D.prototype.stroke = function (path) {
  if (path && (points.get(path) ?? 0) > 2 && window.bench.painted_ms === null) {
    window.bench.painted_ms = Infinity;
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => { window.bench.painted_ms = performance.now(); };
      channel.port2.postMessage(null);
    });
  }
  return path ? stroke.call(this, path) : stroke.call(this);
};
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.bench.shift += entry.value;
}).observe({ type: 'layout-shift', buffered: true });
"""
PAINTED = "Number.isFinite(window.bench?.painted_ms) && window.bench.painted_ms !== null"


class Transfer:
    """Bytes over the wire of one page load without the stream, from the DevTools protocol."""

    def __init__(self, session: CDPSession) -> None:
        self._streams: set[str] = set()
        self._whole: dict[str, float] = {}
        self._headers: dict[str, float] = {}
        session.on("Network.responseReceived", self._began)
        session.on("Network.loadingFinished", self._ended)
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": True})

    def _began(self, event: dict) -> None:
        if event["response"]["mimeType"] == "text/event-stream":
            self._streams.add(event["requestId"])
        self._headers[event["requestId"]] = event["response"]["encodedDataLength"]

    def _ended(self, event: dict) -> None:
        if event["requestId"] not in self._streams:
            self._whole[event["requestId"]] = event["encodedDataLength"]

    @property
    def requests(self) -> int:
        return len(self._whole)

    @property
    def headers_kb(self) -> float:
        return sum(self._headers.get(each, 0) for each in self._whole) / 1000

    @property
    def bodies_kb(self) -> float:
        return sum(self._whole.values()) / 1000 - self.headers_kb


def load_page(context: BrowserContext, stack: Stack) -> tuple[Page, Transfer]:
    """A first load, up to the frame that shows the first line."""
    page = context.new_page()
    transfer = Transfer(context.new_cdp_session(page))
    page.add_init_script(WATCH)
    page.goto(f"{stack.url}/monitor")
    # Not `wait_for_function`, whose predicate is an eval to the content security policy.
    wait_until(lambda: page.evaluate(PAINTED), 20, "the first line is painted")
    return page, transfer


def first_paints_ms(browser: Browser, cookies: list, stack: Stack, loads: int) -> list[float]:
    """From the start of the navigation to the first line on the screen, in as many fresh contexts."""
    figures = []
    for _ in range(loads):
        with browser.new_context(viewport={"width": 1440, "height": 900}, locale="pt-BR") as context:
            context.add_cookies(cookies)
            page, _ = load_page(context, stack)
            figures.append(float(page.evaluate("window.bench.painted_ms")))
    return figures


def cpu_percent(browser: psutil.Process, span_s: float) -> float:
    """Of one core, all processes of the browser together, over `span_s`."""
    before = _cpu_s(browser)
    began = time.monotonic()
    time.sleep(span_s)  # The measurement itself.
    return 100 * (_cpu_s(browser) - before) / (time.monotonic() - began)


def _cpu_s(browser: psutil.Process) -> float:
    return sum(cpu_s(pid) for pid in family(browser))


def heap_growth_kb(session: CDPSession, page: Page, stack: Stack, samples: int) -> float:
    """What the live heap gained over `samples`, after as many of them as fill every window of the page."""
    warm = samples // 8
    end_s = time.time() + INTERVAL_S  # The slot of now has its sample already.
    feed(stack, page, begin_s=end_s, count=warm)
    before = live_heap_kb(session)
    feed(stack, page, begin_s=end_s + warm * INTERVAL_S, count=samples - warm)
    return live_heap_kb(session) - before


def feed(stack: Stack, page: Page, *, begin_s: float, count: int, at_once: int = 50) -> None:
    """Write samples of the stack's own host, an interval apart by their stamps, each batch once the last is taken."""
    host = page.evaluate("JSON.parse(document.getElementById('snapshot').textContent).history.host")
    with redis_client(stack.redis_url) as client:
        store = LiveStore(client)
        for start in range(0, count, at_once):
            taken = page.evaluate("window.bench.samples")
            number = min(at_once, count - start)
            for at in range(start, start + number):
                at_s = begin_s + at * INTERVAL_S
                cpu = Cpu(scope=Scope.HOST, percent=50 + 40 * math.sin(at / 9), cores=2)
                store.append(make_sample(host=host, at=at_s, slot=int(at_s / INTERVAL_S), cpu=cpu))
            has_taken = partial(_has_taken, page, taken + number)
            wait_until(has_taken, 30, "the page has taken the samples")


def _has_taken(page: Page, count: int) -> bool:
    return int(page.evaluate("window.bench.samples")) >= count


def live_heap_kb(session: CDPSession) -> float:
    """After a full garbage collection."""
    session.send("HeapProfiler.enable")
    session.send("HeapProfiler.collectGarbage")
    return float(session.send("Runtime.getHeapUsage")["usedSize"]) / 1000


def main() -> int:
    """Print the table. Exit code 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loads", type=int, default=9)
    parser.add_argument("--cpu-seconds", type=float, default=30)
    parser.add_argument("--samples", type=int, default=28_800)
    wanted = parser.parse_args()
    subprocess.run(["node", ROOT / "build.js"], check=True)  # As `make run` does.
    figures: list[Figure] = []

    def tell(name: str, ours: float, unit: str, bar: float | None = None) -> None:
        figures.append(Figure(name=name, unit=unit, ours=ours, bar=bar))

    with Stack() as stack, sync_playwright() as playwright:
        browser = launch(playwright)
        process = next(each for each in psutil.Process().children(recursive=True) if "--headless" in each.cmdline())
        with browser.new_context(viewport={"width": 1440, "height": 900}, locale="pt-BR") as context:
            open_panel(context.new_page(), stack.url)
            cookies = context.cookies()
        wait_until(lambda: len(stack.get("/api/history").json["columns"][0]) > 5, 40, "there is a line to draw")

        paints = first_paints_ms(browser, cookies, stack, wanted.loads)
        blank = browser.new_page()
        blank.wait_for_timeout(SETTLE_S * 1000)
        idle = cpu_percent(process, wanted.cpu_seconds)
        blank.close()

        with browser.new_context(viewport={"width": 1440, "height": 900}, locale="pt-BR") as context:
            context.add_cookies(cookies)
            page, transfer = load_page(context, stack)
            page.wait_for_timeout(LOOKING_ON_S * 1000)
            tell("first load, bodies", transfer.bodies_kb, "kB", bar=80)
            tell(f"first load, headers of {transfer.requests} answers", transfer.headers_kb, "kB")
            tell(f"first line painted, median of {wanted.loads}", percentile(paints, 0.5), "ms", bar=500)
            tell("first line painted, slowest", max(paints), "ms")
            tell(
                f"layout shift, {LOOKING_ON_S} s", float(page.evaluate("window.bench.shift")), "of the window", bar=0.01
            )
        with browser.new_context(viewport={"width": 1440, "height": 900}, locale="pt-BR") as context:
            context.add_cookies(cookies)
            page, _ = load_page(context, stack)  # Anew: DevTools' network log costs CPU and keeps what passes through.
            page.wait_for_timeout(SETTLE_S * 1000)
            sliding = cpu_percent(process, wanted.cpu_seconds)
            tell("CPU of the blank page", idle, "%")
            tell("CPU of the sliding minute, beyond that", sliding - idle, "%", bar=5)
            stack.process("collector").suspend()
            growth = heap_growth_kb(context.new_cdp_session(page), page, stack, wanted.samples)
            tell(f"heap growth over {wanted.samples} samples", growth, "kB", bar=1000)
            stack.process("collector").resume()
        browser.close()
    keep("page", "The page in Chromium, without a GPU", figures)
    return 0 if all(figure.is_met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
