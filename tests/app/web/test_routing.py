"""Only the plain spelling of an address is routed."""

from pathlib import Path

import pytest
from flask import Flask

from tests.app.visitor import Make


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/monitor.sqlite3"


@pytest.fixture
def app(make: Make) -> Flask:
    return make()


@pytest.mark.parametrize("path", ["/api//hosts", "/api/hosts//web-1", "/login//code", "/static//css/monitor.css"])
def test_an_address_with_two_slashes_in_it_is_none_and_leads_nowhere(path: str, app: Flask) -> None:
    with app.test_client().get(path) as answer:
        assert (answer.status_code, answer.headers.get("Location")) == (404, None)


def test_slashes_before_an_address_do_not_change_it(app: Flask) -> None:
    assert app.test_client().get("/", environ_overrides={"PATH_INFO": "//livez"}).status_code == 200
