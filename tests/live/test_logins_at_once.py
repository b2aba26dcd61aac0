"""Many logins in the same moment from behind one address: gunicorn as it runs."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier, Event

import pytest

from tests.logins import EMAIL, PASSWORD, HttpBrowser
from tests.services import RedisServer
from tests.web import WebServer

pytestmark = pytest.mark.live

AT_ONCE = 24


@pytest.fixture
def web():
    # Longer than a crowded machine takes for so many hashes.
    constants = {"app.accounts.passwords.TURN_S": 60.0}
    with RedisServer() as server, WebServer(server.url, constants, TRUSTED_PROXIES="1") as web:
        yield web


def open_form(web, **cookies):
    """A browser at the login page, with these cookies besides."""
    browser = HttpBrowser(web.port, cookies)
    browser.open("/login")
    return browser


def log_in_at_once(web, count, password, *, comes_again):
    """The statuses of so many logins; who is told that there are too many at once comes again, as they are told to."""
    start = Barrier(count)

    def log_in(_: int) -> int:
        browser = open_form(web)
        start.wait(60)
        while True:
            status = browser.send("/login", email=EMAIL, password=password).status
            if status != 503 or not comes_again:
                return status

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(log_in, range(count)))


def test_right_logins_in_one_moment_all_get_in_and_wrong_ones_no_more_than_may_fail(web):
    assert log_in_at_once(web, AT_ONCE, PASSWORD, comes_again=True) == [303] * AT_ONCE

    statuses = log_in_at_once(web, AT_ONCE, "a wrong password", comes_again=True)

    assert (statuses.count(401), statuses.count(429)) == (5, AT_ONCE - 5)


def test_a_flood_at_names_of_nobody_does_not_keep_a_known_browser_out(web):
    owner = HttpBrowser(web.port)
    assert owner.log_in().status == 303
    is_over, is_full, names = Event(), Event(), count()

    def flood(_: int) -> None:
        browser = open_form(web)
        while not is_over.is_set():
            number = next(names)
            fields = {"email": f"nobody{number}@example.org", "password": "a wrong password"}
            sent_by = {"X-Forwarded-For": f"2001:db8:{number // 65536:x}:{number % 65536:x}::1"}
            if browser.send("/login", sent_by, **fields).status == 503:
                is_full.set()

    with ThreadPoolExecutor(AT_ONCE * 2) as pool:
        strangers = [pool.submit(flood, number) for number in range(AT_ONCE * 2)]
        try:
            assert is_full.wait(60), "the strangers' places are all taken"
            statuses = []
            for _ in range(4):
                known = open_form(web, monitor_browser=owner.cookies["monitor_browser"])
                statuses.append(known.send("/login", email=EMAIL, password=PASSWORD).status)
        finally:
            is_over.set()
        for stranger in strangers:
            stranger.result()

    assert statuses == [303] * 4
