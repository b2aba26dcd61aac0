"""Logins through the panel's form: in Flask's test client, and over HTTP as a browser without scripts sends them."""

import http.client
import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.accounts.accounts import Accounts
from app.accounts.sessions import Origin
from tests.process import PATIENCE_S

ADMIN = ("admin@example.test", "correct horse battery")
"""The e-mail address and password of the super_admin in the app's tests."""

EMAIL = "admin@example.org"
"""The super_admin of a panel that runs as processes."""

PASSWORD = ADMIN[1]


def csrf_token(html: str) -> str:
    """The token in the first form of a page. Raises: AssertionError when the page has none."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', html)
    assert found is not None, html
    return found[1]


def open_login(client: FlaskClient, **options: Any) -> str:
    """Open the login page. Returns: its form's token; `client` keeps the cookie that belongs to it."""
    return csrf_token(client.get("/login", **options).text)


def log_in(client: FlaskClient, email: str = ADMIN[0], password: str = PASSWORD, **fields: str) -> TestResponse:
    """Open the login page and send its form."""
    data = {"csrf_token": open_login(client), "email": email, "password": password, **fields}
    return client.post("/login", data=data)


def open_session(accounts: Accounts, email: str, password: str) -> str | None:
    """The token of a new session, as the login form opens one; None when the form would refuse."""
    person = accounts.check_password(email, password)
    opened = person and accounts.open_session_for(person, Origin("password", "192.0.2.1"))
    return opened and opened.token


class Answer(NamedTuple):
    """An HTTP answer, read to its end."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


class HttpBrowser:
    """Opens pages of a web process, keeps their cookies and sends their forms with the token."""

    def __init__(self, port: int, cookies: Mapping[str, str] | None = None) -> None:
        self._port = port
        self.cookies = dict(cookies or {})
        self.token = ""
        """The token of the page that was opened last."""

    @property
    def headers(self) -> dict[str, str]:
        """The cookies, as a request carries them."""
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}

    def open(self, path: str) -> Answer:
        """Open a page with a form."""
        page = self.ask("GET", path)
        self.token = csrf_token(page.text)
        return page

    def send(self, path: str, headers: Mapping[str, str] | None = None, **fields: str) -> Answer:
        """Send a form with the token of the last opened page."""
        body = urlencode({"csrf_token": self.token, **fields})
        return self.ask("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})})

    def log_in(self, email: str = EMAIL, password: str = PASSWORD) -> Answer:
        """Open the login page and send its form."""
        self.open("/login")
        return self.send("/login", email=email, password=password)

    def ask(self, method: str, path: str, body: str = "", headers: Mapping[str, str] | None = None) -> Answer:
        """Make one request, without following redirects."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_S)
        try:
            connection.request(method, path, body or None, {**self.headers, **(headers or {})})
            response = connection.getresponse()
            for cookie in response.headers.get_all("Set-Cookie", []):
                name, _, value = cookie.partition(";")[0].partition("=")
                self.cookies[name] = value
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()
