"""The charts in Debian's Chromium, fed by the whole stack: time, cursor, zoom, marks, table, export."""

import csv
import io
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.page import SOON_MS, signed_in, state_is
from tests.services import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.live]


@pytest.fixture
def page(browser, cookies, stack, complaints):
    with signed_in(browser, cookies, complaints, reduced_motion="reduce") as context:
        page = context.new_page()
        page.goto(f"{stack.url}/monitor")
        state_is(page, "live")
        yield page


def point(page: Page, chart: str, share: float) -> tuple[float, float]:
    """Moves the mouse to a share of a plot's width, where it is."""
    box = page.locator(f"#{chart} .u-over").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] * share, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    return x, y


def hatched(page: Page, chart: str) -> int:
    """How many pixels of a chart have the colour in which it hatches what is unknown."""
    return page.evaluate(
        """(chart) => {
          const source = document.querySelector(`#${chart} canvas`);
          const copy = new OffscreenCanvas(source.width, source.height);
          const context = copy.getContext('2d', { willReadFrequently: true });
          context.fillStyle = getComputedStyle(source.closest('.plot')).outlineColor;
          context.fillRect(0, 0, 1, 1);
          const wanted = context.getImageData(0, 0, 1, 1).data;
          context.clearRect(0, 0, 1, 1);
          context.drawImage(source, 0, 0);
          const { data } = context.getImageData(0, 0, source.width, source.height);
          let count = 0;
          for (let at = 0; at < data.length; at += 4) {
            if ([0, 1, 2].every((part) => Math.abs(data[at + part] - wanted[part]) < 6) && data[at + 3] > 200) count++;
          }
          return count;
        }""",
        chart,
    )


def samples_known(page: Page, count: int) -> None:
    """Wait until the table of the queue has so many rows of the last minute."""
    page.locator("#chart-queue summary").click()
    expect(page.locator("#chart-queue tbody tr").nth(count - 1)).to_be_visible(timeout=60_000)
    page.locator("#chart-queue summary").click()


def test_time_is_zoomed_paused_looked_up_and_gone_back_to(page):
    samples_known(page, 4)
    x, y = point(page, "chart-queue", 0.8)
    page.mouse.down()
    page.mouse.move(x + 40, y, steps=3)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"\?from=\d+&to=\d+$"))
    expect(page.locator("#time-said")).to_contain_text("Ampliado")
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile(r"/monitor$"))

    page.locator("#follow").click()
    expect(page.locator("#time-said")).to_contain_text("amostra", timeout=SOON_MS)
    page.locator("#follow").click()
    expect(page.locator("#time-said")).to_have_text("")

    page.locator("#period-open").click()
    page.locator("#period-length").select_option("3600")
    page.get_by_role("dialog").get_by_role("button", name="Mostrar").click()
    expect(page.locator("#time-said")).to_contain_text("Histórico")
    address = page.url
    page.reload()
    assert page.url == address
    expect(page.locator("#time-said")).to_contain_text("Histórico")
    page.go_back()
    expect(page.locator("#toolbar")).to_have_attribute("data-mode", "live")


def test_a_range_is_in_the_address_and_only_ranges_with_data_are_offered(page, stack):
    samples_known(page, 2)
    expect(page.locator("#ranges button[value='30d']")).to_be_hidden()
    page.goto(f"{stack.url}/monitor?range=15m")

    expect(page.locator("#ranges button[value='15m']")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#chart-queue .chart-time")).to_have_text("últimos 15 minutos")
    page.locator("#ranges button[value='1m']").click()
    expect(page).to_have_url(re.compile(r"/monitor$"))


def test_the_cursor_tells_values_by_mouse_and_keys_and_a_dispatch_leaves_a_mark(page, stack):
    samples_known(page, 2)
    stack.burst(150)
    expect(page.locator("#card-queue .line")).to_have_text(re.compile(r"1\d\d"), timeout=SOON_MS)
    point(page, "chart-queue", 0.995)
    tooltip = page.locator("#tooltip")
    expect(tooltip).to_contain_text("Na fila")

    def finds_the_mark() -> bool:
        for share in range(99, 80, -1):
            point(page, "chart-queue", share / 100)
            if "Disparo: pico de" in tooltip.inner_text():
                return True
        return False

    wait_until(finds_the_mark, 15, "the mark of the dispatch is found under the cursor")
    page.mouse.down()
    page.mouse.up()
    expect(page.locator(".tooltip-locked")).to_be_visible()
    point(page, "chart-resources", 0.5)
    expect(tooltip).to_contain_text("Disparo")
    page.keyboard.press("Escape")
    expect(tooltip).to_be_hidden()

    plot = page.locator("#chart-resources .plot")
    plot.focus()
    page.keyboard.press("End")
    last = plot.get_attribute("aria-valuetext")
    page.keyboard.press("ArrowLeft")
    assert last is not None
    assert re.match(r"\d\d:\d\d:\d\d: CPU \d", last)
    expect(plot).not_to_have_attribute("aria-valuetext", last)
    expect(tooltip).to_be_visible()
    box = tooltip.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 1440


def test_what_is_shown_can_be_taken_along(page):
    samples_known(page, 2)
    with page.expect_download() as csv_download:
        page.locator("#export summary").click()
        page.locator("#export button[value=csv]").click()
    rows = list(csv.DictReader(io.StringIO(csv_download.value.path().read_text(encoding="utf-8"))))
    assert rows
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", rows[0]["time"])
    assert 0 < float(rows[-1]["ram_percent"]) <= 100

    with page.expect_download() as png_download:
        page.locator("#export summary").click()
        page.locator("#export button[value=png]").click()
    assert png_download.value.path().read_bytes().startswith(b"\x89PNG")
    assert csv_download.value.suggested_filename.startswith("monitor-")


def test_what_a_silent_collector_did_not_measure_is_hatched(page, stack):
    samples_known(page, 2)
    before = hatched(page, "chart-queue")
    collector = stack.process("collector")
    collector.suspend()
    try:
        state_is(page, "stale")
        wait_until(lambda: hatched(page, "chart-queue") > before + 200, 10, "the unknown is hatched")
    finally:
        collector.resume()
