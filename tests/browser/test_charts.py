"""The charts in Debian's Chromium, fed by the whole stack: time, cursor, zoom, marks, table, export."""

import csv
import io
import re
import time

import pytest
from playwright.sync_api import Page, expect

from store.database import make_engine
from store.history.history import History
from store.history.steps import FIGURES, MINUTE_S, Step, begin
from store.logs.log_group import Batch, Level, LogLine
from store.logs.log_store import LogStore
from store.samples.live import redis_client
from tests.browser.page import SOON_MS, signed_in, state_is
from tests.services import wait_until
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.live]


CONTEXT = {"reduced_motion": "reduce"}


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
    expect(page.locator("#chart-queue tbody tr").nth(count - 1)).to_be_visible(timeout=SOON_MS)
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
    # An hour from the first sample on, a minute ago.
    expect(page.locator("#time-said")).to_contain_text("Período em andamento")
    address = page.url
    page.reload()
    assert page.url == address
    expect(page.locator("#time-said")).to_contain_text("Período em andamento")
    page.go_back()
    expect(page.locator("#toolbar")).to_have_attribute("data-mode", "live")


def test_an_empty_queue_is_a_sentence_with_its_age_and_no_axis_of_its_own(page):
    note = page.locator("#chart-queue .chart-note")

    expect(note).to_have_text(re.compile(r"^Fila vazia há (mais de )?\d"), timeout=SOON_MS)
    page.locator("[data-switch=language] button[value=en]").click()
    expect(note).to_have_text(re.compile(r"^Queue empty for (more than )?\d"))
    page.locator("[data-switch=language] button[value=pt-BR]").click()


def test_a_tap_tells_the_values_and_a_second_one_takes_them_away(browser, cookies, complaints, stack):
    phone = {"has_touch": True, "is_mobile": True, "viewport": {"width": 320, "height": 700}}
    with signed_in(browser, cookies, complaints, reduced_motion="reduce", **phone) as context:
        page = context.new_page()
        page.goto(f"{stack.url}/monitor")
        state_is(page, "live")
        plot = page.locator("#chart-queue .u-over")
        plot.scroll_into_view_if_needed()
        box = plot.bounding_box()
        assert box is not None
        at = (box["x"] + box["width"] * 0.9, box["y"] + box["height"] / 2)
        page.touchscreen.tap(*at)
        expect(page.locator("#tooltip")).to_contain_text("Na fila")
        page.touchscreen.tap(*at)
        expect(page.locator("#tooltip")).to_be_hidden()
        page.touchscreen.tap(*at)
        expect(page.locator("#tooltip")).to_be_visible()
        page.locator("#host-name").tap()
        expect(page.locator("#tooltip")).to_be_hidden()


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
    # Of every chart, each value with its unit.
    expect(tooltip).to_contain_text(
        re.compile(r"Mensagens na fila.*Na fila.*CPU e RAM.*CPU.*\d%.*Tempo de resposta.*\d\sms", re.DOTALL)
    )

    expect(page.locator("#mark-legend [data-shape=diamond]")).to_have_text("disparo", timeout=SOON_MS)
    page.keyboard.press("p")  # So that the mark does not move while it is looked for.
    expect(page.locator("#time-said")).not_to_have_text("")

    def finds_the_mark() -> bool:
        for share in range(99, 0, -1):
            point(page, "chart-queue", share / 100)
            if "Disparo: pico de" in tooltip.inner_text():
                return True
        return False

    wait_until(finds_the_mark, what="the mark of the dispatch is found under the cursor")
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


def write_minutes(stack: Stack, host: str, around_s: float) -> None:
    """A quarter of an hour of history on either side."""
    engine = make_engine(f"sqlite:///{stack.data_dir / 'monitor.sqlite3'}")
    first = begin(around_s, MINUTE_S) - 15 * MINUTE_S
    steps = [Step(first + number * MINUTE_S, 20, (20, 1.0, 40.0, 3.0) * len(FIGURES)) for number in range(31)]
    History(engine).write(host, MINUTE_S, steps)
    engine.dispose()


def test_a_log_line_takes_all_charts_to_its_time_in_samples_or_beyond_the_hour_in_minutes(page, stack):
    host = stack.get("/api/history").json["host"]
    hours_ago_s = 7200
    old_s = time.time() - hours_ago_s
    write_minutes(stack, host, old_s)
    lines = [LogLine(service="api", host=host, level=Level.ERROR, message=text) for text in ("long past", "just now")]
    with redis_client(stack.redis_url) as client:
        batches = Batch.gather([(lines[0], hours_ago_s), (lines[1], 1)])
        LogStore(client).write(batches, batch_id="a line of two hours ago")
    tooltip = page.locator("#tooltip")

    page.locator(".log", has_text="just now").locator(".log-row").click(timeout=SOON_MS)
    window = re.search(r"from=(\d+)&to=(\d+)&at=([\d.]+)$", page.url)
    assert window is not None
    first_s, last_s, at_s = (float(part) for part in window.groups())
    assert 119 < last_s - first_s < 122
    assert first_s + 59 < at_s <= last_s <= time.time() + 1, "the future has no values"
    expect(tooltip).to_contain_text("fixado")

    page.locator(".log", has_text="long past").locator(".log-row").click()
    window = re.search(r"from=(\d+)&to=(\d+)&at=([\d.]+)$", page.url)
    assert window is not None
    assert 0 <= float(window[3]) - old_s < 300
    assert float(window[2]) - float(window[1]) > 1190
    expect(page.locator("#chart-resources .legend-value").first).to_have_text("2,0%", timeout=SOON_MS)
    expect(tooltip).to_contain_text("1,0% – 3,0%")
    page.reload()
    expect(tooltip).to_contain_text("fixado", timeout=SOON_MS)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator("#toolbar")).to_have_attribute("data-mode", "live")


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
        wait_until(lambda: hatched(page, "chart-queue") > before + 200, what="the unknown is hatched")
    finally:
        collector.resume()
