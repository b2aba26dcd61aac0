"""Many logins in the same moment from behind one address: gunicorn as it runs."""

import re
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier, Event
from urllib.parse import urlencode

import pytest

from tests.services import RedisServer
from tests.web import PASSWORD, WebServer

pytestmark = pytest.mark.live

AT_ONCE = 24


@pytest.fixture
def web():
    # Longer than a crowded machine takes for so many hashes.
    constants = {"app.accounts.passwords.TURN_S": 60.0}
    with RedisServer() as server, WebServer(server.url, constants, TRUSTED_PROXIES="1") as web:
        yield web


def open_form(web):
    """A browser's cookies at the login, and the form's token."""
    cookies: dict[str, str] = {}
    form = web._visit("GET", "/login", cookies).body.decode()
    token = re.search(r'name="csrf_token" value="([^"]+)"', form)
    assert token is not None
    return cookies, token[1]


def log_in_at_once(web, count, password, *, comes_again):
    """The statuses of so many logins; who is told that there are too many at once comes again, as they are told to."""
    start = Barrier(count)

    def log_in(_: int) -> int:
        cookies, token = open_form(web)
        fields = urlencode({"csrf_token": token, "email": "admin@example.org", "password": password})
        start.wait(60)
        while True:
            status = web._visit("POST", "/login", cookies, fields).status
            if status != 503 or not comes_again:
                return status

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(log_in, range(count)))


def test_right_logins_in_one_moment_all_get_in_and_wrong_ones_no_more_than_may_fail(web):
    assert log_in_at_once(web, AT_ONCE, PASSWORD, comes_again=True) == [303] * AT_ONCE

    statuses = log_in_at_once(web, AT_ONCE, "a wrong password", comes_again=True)

    assert (statuses.count(401), statuses.count(429)) == (5, AT_ONCE - 5)


def test_a_flood_at_names_of_nobody_does_not_keep_a_known_browser_out(web):
    owner, token = open_form(web)
    right = urlencode({"csrf_token": token, "email": "admin@example.org", "password": PASSWORD})
    assert web._visit("POST", "/login", owner, right).status == 303
    is_over, is_full, names = Event(), Event(), count()

    def flood(_: int) -> None:
        cookies, token = open_form(web)
        while not is_over.is_set():
            number = next(names)
            fields = {"csrf_token": token, "email": f"nobody{number}@example.org", "password": "a wrong password"}
            sent_by = f"2001:db8:{number // 65536:x}:{number % 65536:x}::1"
            if web._visit("POST", "/login", cookies, urlencode(fields), **{"X-Forwarded-For": sent_by}).status == 503:
                is_full.set()

    with ThreadPoolExecutor(AT_ONCE * 2) as pool:
        strangers = [pool.submit(flood, number) for number in range(AT_ONCE * 2)]
        try:
            assert is_full.wait(60), "the strangers' places are all taken"
            statuses = []
            for _ in range(4):
                known, token = open_form(web)
                known["monitor_browser"] = owner["monitor_browser"]
                again = urlencode({"csrf_token": token, "email": "admin@example.org", "password": PASSWORD})
                statuses.append(web._visit("POST", "/login", known, again).status)
        finally:
            is_over.set()
        for stranger in strangers:
            stranger.result()

    assert statuses == [303] * 4
