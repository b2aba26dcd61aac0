"""Days that are over, out of a month of SQL history: the ranges, a window of yesterday, and what of it is offered."""

import csv
import io
import re
import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from tests.browser.page import SOON_MS, state_is
from tests.past import keep, working_days
from tests.services import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.live]

ZONE = ZoneInfo("America/Sao_Paulo")
CONTEXT = {"timezone_id": ZONE.key, "reduced_motion": "reduce"}
HOUR_S, DAY_S = 3600, 86_400
RANGES = {"24h": ("5", 60, DAY_S), "7d": ("6", 600, 7 * DAY_S), "30d": ("7", HOUR_S, 30 * DAY_S)}
"""Of each: its key, the length of its steps and what it spans, in seconds."""


@pytest.fixture(scope="module")
def now_s():
    """When the tests began: what lies before it is the past."""
    return time.time()


def fill(stack, since_s: float, until_s: float) -> None:
    """As if the collector of the stack's own host had run for so long."""
    host = stack.get("/api/history").json["host"]
    keep(f"sqlite:///{stack.data_dir / 'monitor.sqlite3'}", host, working_days(since_s, until_s, ZONE))


def offered(page: Page) -> list[str]:
    return [button.get_attribute("value") or "" for button in page.locator("#ranges button:visible").all()]


def exported(page: Page) -> dict[float, dict[str, str]]:
    """The window shown as it is exported, by instant (epoch s)."""
    with page.expect_download() as download:
        page.locator("#export summary").click()
        page.locator("#export button[value=csv]").click()
    rows = csv.DictReader(io.StringIO(download.value.path().read_text(encoding="utf-8")))
    return {datetime.fromisoformat(row["time"]).timestamp(): row for row in rows}


def told_at(page: Page, share: float) -> str:
    """What the tooltip says at a share of the queue's plot."""
    box = page.locator("#chart-queue .u-over").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * share, box["y"] + box["height"] / 2)
    return page.locator("#tooltip").inner_text()


def test_only_ranges_that_hold_data_are_offered(page, stack, now_s):
    assert not {"1h", *RANGES} & set(offered(page))  # It has run for a minute, or for some.

    fill(stack, now_s - 2 * DAY_S, now_s)
    page.reload()
    state_is(page, "live")
    assert offered(page) == ["1m", "5m", "15m", "1h", "24h", "7d"]
    page.keyboard.press("7")
    expect(page).to_have_url(re.compile(r"/monitor$"))

    # A month, in which the collector once stood still for half a day.
    stood_s = now_s - 4 * DAY_S
    fill(stack, now_s - 30 * DAY_S, stood_s)
    fill(stack, stood_s + DAY_S / 2, now_s)
    page.reload()
    state_is(page, "live")
    assert offered(page) == ["1m", "5m", "15m", "1h", *RANGES]


@pytest.mark.parametrize("name", RANGES)
def test_a_range_of_days_shows_every_step_and_its_peaks(page, now_s, name):
    key, step_s, span_s = RANGES[name]
    asked_s = time.time()
    page.keyboard.press(key)
    expect(page).to_have_url(re.compile(rf"\?range={name}$"))
    expect(page.locator("#time-said")).to_have_text("", timeout=SOON_MS)
    rows = exported(page)

    assert asked_s - step_s <= min(rows) + span_s <= time.time() + step_s
    assert asked_s - 2 * step_s <= max(rows)
    assert {at % step_s for at in rows} == {0}
    peaks = [row["queue_peak_messages_max"] for row in rows.values()]
    assert max(float(peak) for peak in peaks if peak) == 5000
    for row in rows.values():
        assert float(row["cpu_percent_min"]) <= float(row["cpu_percent"]) <= float(row["cpu_percent_max"])
    stood = [at for at in rows if now_s - 4 * DAY_S + step_s <= at < now_s - 3.5 * DAY_S - step_s]
    assert stood == []
    assert len(rows) >= (span_s - (DAY_S / 2 if span_s > DAY_S else 0)) // step_s - 3
    if name == "7d":
        assert "Sem medição neste instante" in told_at(page, 1 - 3.97 / 7)


def test_yesterday_at_three_in_the_afternoon_can_be_looked_up(page):
    yesterday = datetime.now(ZONE).date() - timedelta(days=1)
    since_s = datetime(yesterday.year, yesterday.month, yesterday.day, 15, tzinfo=ZONE).timestamp()
    page.locator("#period-open").click()
    page.locator("#period-day").fill(yesterday.isoformat())
    page.locator("#period-time").fill("15:00")
    page.locator("#period-length").select_option(str(HOUR_S))
    page.get_by_role("dialog").get_by_role("button", name="Mostrar").click()

    expect(page).to_have_url(re.compile(rf"\?from={since_s:.0f}&to={since_s + HOUR_S:.0f}$"))
    expect(page.locator("#time-said")).to_have_text(re.compile("Histórico · .*15:00.* – .*16:00"), timeout=SOON_MS)
    wait_until(lambda: "Disparo: pico de 5.000" in told_at(page, 0.005), what="the dispatch is marked")
    assert "15:00" in page.locator("#tooltip").inner_text()
    page.mouse.move(0, 0)
    rows = exported(page)
    assert sorted(rows) == [since_s + minute * 60 for minute in range(61)]
    assert [float(rows[since_s + minute * 60]["queue_size_messages_max"]) for minute in (0, 10, 20)] == [
        5000,
        3750,
        2500,
    ]

    address = page.url
    page.reload()
    assert page.url == address
    wait_until(lambda: "Disparo: pico de 5.000" in told_at(page, 0.005), what="the dispatch is marked again")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator("#toolbar")).to_have_attribute("data-mode", "live")
