"""A little of `make fuzz`, always the same requests."""

import pytest

from tests.services import wait_until
from tests.web import WebServer
from tools.fuzz import ALL_WAYS, fuzz

pytestmark = pytest.mark.live


def test_made_up_requests_at_every_address_are_answered_without_a_fault_and_without_a_leak(redis_url):
    with WebServer(redis_url, **ALL_WAYS) as web:
        wait_until(lambda: web.get("/readyz", role=None).status == 200, 10, "it is ready")

        found, statuses = fuzz(web, 600)

    assert found == []
    assert {200, 303, 400, 401, 403, 404, 405, 413, 431} <= statuses.keys()
