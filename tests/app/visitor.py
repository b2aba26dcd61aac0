"""A user with a browser and, after the enrolment, an authenticator app, at the real app."""

import html
import re
from collections.abc import Callable
from typing import Any

import pyotp
from flask import Flask
from werkzeug.test import TestResponse

from tests.logins import ADMIN

KEY = "a key for the tests that is long enough"

Make = Callable[..., Flask]
"""Makes the whole app, with these settings besides."""


class Clock:
    """A clock (epoch s) that the test moves."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Visitor:
    """Opens pages and sends the forms that are on them."""

    def __init__(self, app: Flask, clock: Clock | None = None, address: str = "192.0.2.1", agent: str = "") -> None:
        self.client = app.test_client()
        self._clock = clock or Clock()
        self._environ = {"REMOTE_ADDR": address, "HTTP_USER_AGENT": agent}
        self.secret = ""
        self.page = ""

    def code(self) -> str:
        """The next code: each counts once."""
        self._clock.now += 30
        return pyotp.TOTP(self.secret).at(int(self._clock.now))

    def get(self, path: str) -> TestResponse:
        answer = self.client.get(path, environ_base=self._environ)
        self.page = answer.text
        return answer

    def post(self, path: str, **data: Any) -> TestResponse:
        """Send the form of the last opened page, with its hidden fields."""
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', self.page))
        answer = self.client.post(path, data={**hidden, **data}, environ_base=self._environ)
        self.page = answer.text if answer.mimetype == "text/html" and answer.status_code != 303 else self.page
        return answer

    def log_in(self, email: str = ADMIN[0], password: str = ADMIN[1], target: str = "/monitor") -> TestResponse:
        self.get(f"/login?next={target}")
        return self.post("/login", email=email, password=password)

    def give_code(self, code: str) -> TestResponse:
        self.get("/login/code?next=/monitor?range%3D1h")
        return self.post("/login/code", code=code)

    def read_qr(self) -> None:
        found = re.search(r"<code>(.*?)</code>", self.page, re.S)
        assert found is not None
        self.secret = re.sub(r"<[^>]+>|\s", "", found[1])

    def is_in(self) -> bool:
        return self.client.get("/api/me").status_code == 200

    def reads(self) -> str:
        """The visible text of the last opened page."""
        body = re.sub(r"<(head|svg|script)\b.*?</\1>", "", self.page, flags=re.S)
        return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)))
