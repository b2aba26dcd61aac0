"""A real OpenID provider as a process, and a person who signs in at it as a browser would."""

import http.cookiejar
import json
import shutil
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from tests.process import Service

ROOT = Path(__file__).resolve().parent.parent
CLIENT_ID = "monitor"


class OpenIdProvider(Service):
    """npm's oidc-provider on loopback. `accounts`: name → claims, may change while it runs. `client_auth`: the one way
    in which our client shows who it is."""

    program = shutil.which("node") or "node"

    def __init__(self, *callbacks: str, client_auth: str = "client_secret_basic") -> None:
        super().__init__()
        self._client_auth = client_auth
        self.password += "+/%:&="
        self._callbacks = callbacks
        self.accounts: dict[str, dict[str, Any]] = {}

    @property
    def url(self) -> str:
        """The issuer."""
        return f"http://127.0.0.1:{self.port}"

    def know(self, **accounts: dict[str, Any]) -> None:
        """Add users, or change their claims."""
        self.accounts.update(accounts)
        (self.directory / "accounts.json").write_text(json.dumps(self.accounts))

    def start(self) -> None:
        self.know()
        environ = {
            "PORT": str(self.port),
            "CALLBACKS": " ".join(self._callbacks),
            "CLIENT_SECRET": self.password,
            "CLIENT_AUTH": self._client_auth,
            "ACCOUNTS": str(self.directory / "accounts.json"),
        }
        self._run([self.program, str(ROOT / "tests/openid-provider.mjs")], environ)

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/.well-known/openid-configuration", timeout=60) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


class Visitor:
    """A user's browser at the provider: it fills in the forms until the provider sends it back."""

    def __init__(self, name: str) -> None:
        self._name = name
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(jar, _NoRedirect())

    def sign_in(self, url: str, callback: str) -> str:
        """Start at `url`, where our redirect points; the URL at `callback` that the provider sends them back to."""
        data = None
        for _ in range(12):
            status, location, page = self._open(url, data)
            if location is not None:
                url, data = urllib.parse.urljoin(url, location), None
                if url.startswith(callback):
                    return url
                continue
            assert 'name="login"' in page, (status, page)
            data = {"login": self._name}
        raise AssertionError("the provider sends nobody back")

    def _open(self, url: str, data: dict[str, str] | None) -> tuple[int, str | None, str]:
        body = None if data is None else urllib.parse.urlencode(data).encode()
        try:
            with self._opener.open(url, body, timeout=60) as answer:
                return answer.status, None, answer.read().decode()
        except urllib.error.HTTPError as answer:
            with answer:
                return answer.status, answer.headers["Location"], answer.read().decode()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None
