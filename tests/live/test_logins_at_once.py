"""Many logins in the same moment from behind one address: gunicorn, and the process that hashes, as they run."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from urllib.parse import urlencode

import pytest

from tests.services import RedisServer
from tests.web import PASSWORD, WebServer

pytestmark = pytest.mark.live

AT_ONCE = 24


@pytest.fixture
def web():
    with RedisServer() as server, WebServer(server.url) as web:
        yield web


def log_in_at_once(web, count, password, *, comes_again):
    """The statuses of so many logins; who is told that there are too many at once comes again, as they are told to."""
    start = Barrier(count)

    def log_in(_: int) -> int:
        cookies: dict[str, str] = {}
        form = web._visit("GET", "/login", cookies).body.decode()
        token = re.search(r'name="csrf_token" value="([^"]+)"', form)
        assert token is not None
        fields = urlencode({"csrf_token": token[1], "email": "admin@example.org", "password": password})
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
