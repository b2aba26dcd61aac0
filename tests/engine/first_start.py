"""From nothing to a page with figures: `make up`, the first user, a login in a browser's way, a dispatch."""

import html
import http.cookiejar
import re
import time
import urllib.error
import urllib.parse
import urllib.request

from tests.engine.engine import CannotRun
from tests.engine.panel import EMAIL, PORT, PROGRAMS, SERVERS, Panel
from tests.engine.table import Table

BURST = 150
PASSWORD = "a password of the operator's own"


def run(panel: Panel, table: Table) -> None:
    """All of it, in the order in which an operator does it."""
    _up(panel, table)
    password = _first_user(panel, table)
    _log_in(table, password)
    _burst(panel, table)


def _up(panel: Panel, table: Table) -> None:
    began_mono_s = time.monotonic()
    ended = panel.make("up", "PROFILE=demo")
    took_s = time.monotonic() - began_mono_s
    said = (ended.stderr.strip() or ended.stdout)[-300:] if ended.returncode else f"{took_s:.0f} s"
    table.add("`make up PROFILE=demo` from nothing", "it ends well", said, ended.returncode == 0)
    address = f"http://127.0.0.1:{PORT}/monitor"
    table.add("what it prints", "the address with the port of `.env`", address, address in ended.stdout)
    expected = {*SERVERS, *PROGRAMS, "demo"}
    running = panel.containers()
    health = {name: panel.inspect(name, "{{.State.Health.Status}}") for name in running}
    table.add(
        "its containers",
        "every one healthy",
        f"{len(running)}: {', '.join(sorted(set(health.values())))}",
        set(running) == expected and set(health.values()) == {"healthy"},
    )
    nameless(panel, table, "images without a name after it")
    table.add("`/healthz`", "all well", f"after {panel.wait_until_well():.1f} s", held=True)


def nameless(panel: Panel, table: Table, what: str) -> None:
    """A row about the images that lost their name to a newer one."""
    left = panel.engine.docker(
        "image",
        "ls",
        "--quiet",
        "--filter",
        "dangling=true",
        "--filter",
        "label=org.opencontainers.image.title=ZapVoice Monitor",
    )
    table.add(what, "none", len(left.stdout.split()), not left.stdout.split())


def _first_user(panel: Panel, table: Table) -> str:
    said = panel.flask("users", "create", EMAIL, "--role", "super_admin", "--generate")
    password = said.split()[-1]
    panel.token = panel.flask("tokens", "create", EMAIL).split()[-1]
    status, body = panel.get("/monitor")
    table.add(
        "the first user, by `docker compose exec web flask`",
        "their token opens `/monitor`",
        status,
        status == 200 and b"<main" in body,
    )
    status, _ = panel.get("/static/vendor/uPlot.iife.min.js")
    table.add("the chart library in the image", "it is served", status, status == 200)
    return password


def _log_in(table: Table, password: str) -> None:
    """By the forms: the operator's password opens nothing but the form for one of one's own."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    address = f"http://127.0.0.1:{PORT}"
    first = _send(browser, f"{address}/login?next=/monitor", email=EMAIL, password=password)
    second = _send(browser, first, new=PASSWORD, again=PASSWORD)
    paths = [urllib.parse.urlsplit(each).path for each in (first, second)]
    table.add(
        "a login by the form",
        "a password of one's own first, then the page",
        ", then ".join(paths),
        paths[0] != "/monitor" and paths[1] == "/monitor",
    )


def _send(browser: urllib.request.OpenerDirector, address: str, **values: str) -> str:
    """Fill in the form of a page and send it, with its hidden fields. Returns the address that this leads to."""
    with browser.open(address, timeout=10) as answer:
        page = answer.read().decode()
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    fields = {name: values.get(name, "") for name in re.findall(r'<input[^>]*\bname="(\w+)"', page)}
    body = urllib.parse.urlencode(
        {**fields, **{name: html.unescape(value) for name, value in hidden.items()}, **values}
    )
    request = urllib.request.Request(
        address, body.encode(), {"Origin": address.partition("/login")[0], "Referer": address}
    )
    try:
        with browser.open(request, timeout=10) as answer:
            return str(answer.geturl())
    except urllib.error.HTTPError as exc:
        text = re.sub(r"<[^>]+>|\s+", " ", exc.read().decode())
        raise CannotRun(f"the form of {address} was answered by {exc.code}: {text[-400:]}") from exc


def _burst(panel: Panel, table: Table) -> None:
    samples = panel.samples()
    next(samples)
    sent = panel.make("burst", f"N={BURST}")
    peak = max(sample["queue_peak"] or 0 for sample, _ in zip(samples, range(3), strict=False))
    table.add(
        f"`make burst N={BURST}` without a `.venv`",
        "it is sent, and shows as a peak of 100 or more",
        f"{sent.stdout.strip()[-60:] or sent.stderr.strip()[-200:]} Peak {peak}.",
        sent.returncode == 0 and peak >= 100,
    )
