"""The real web process for the tests, and a client that reads its stream."""

import http.client
import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

from sqlalchemy import update

from app.accounts.accounts import Accounts
from app.accounts.migrations import migrate
from app.accounts.tables import login_sessions
from store.database import make_engine, writing
from tests.logins import EMAIL, PASSWORD, Answer, HttpBrowser
from tests.process import PATIENCE_S
from tests.services import Service

ROOT = Path(__file__).resolve().parent.parent
SECRET_KEY = "a key for the tests that is long enough"

CONFIG_WITH_CONSTANTS = """
import importlib
exec(compile(open({ours!r}).read(), "gunicorn.conf.py", "exec"))
_as_in_production = post_worker_init
def post_worker_init(worker):
    for name, value in {constants!r}.items():
        module, _, constant = name.rpartition(".")
        setattr(importlib.import_module(module), constant, value)
    _as_in_production(worker)
"""


class StreamEvent(NamedTuple):
    """One server-sent event as a browser would dispatch it."""

    type: str
    id: str | None
    data: str

    @property
    def json(self) -> Any:
        return json.loads(self.data)


class EventStream:
    """An open `/stream`, read event by event; comments and `retry:` are kept aside."""

    def __init__(self, response: http.client.HTTPResponse, timeout_s: float) -> None:
        self.response = response
        self._timeout_s = timeout_s
        self.comments: list[str] = []
        self.retry_ms: int | None = None

    def __iter__(self) -> Iterator[StreamEvent]:
        fields: dict[str, str] = {}
        deadline_mono_s = time.monotonic() + self._timeout_s
        while line := self.response.readline():
            if time.monotonic() > deadline_mono_s:  # Heartbeats would keep the socket's own deadline away for ever.
                raise TimeoutError(f"no event within {self._timeout_s:g} s")
            name, _, value = line.decode().rstrip("\n").partition(":")
            value = value.removeprefix(" ")
            if not name and not value:
                if "data" in fields:
                    yield StreamEvent(fields.get("event", "message"), fields.get("id"), fields["data"])
                    deadline_mono_s = time.monotonic() + self._timeout_s
                fields = {}
            elif not name:
                self.comments.append(value)
            elif name == "retry":
                self.retry_ms = int(value)
            else:
                fields[name] = value

    def next(self, kind: str) -> StreamEvent:
        """The next event of that type; earlier ones of other types are passed over.

        Raises: TimeoutError when nothing comes within the socket's deadline; AssertionError when the stream ends.
        """
        for event in self:
            if event.type == kind:
                return event
        raise AssertionError(f"the stream ended without {kind}")

    def close(self) -> None:
        self.response.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class WebClient:
    """Sends a script's requests to the web process of a service with a `port`."""

    port: int

    def __init__(self) -> None:
        super().__init__()
        self.tokens: dict[str, str] = {}
        """An API token for each role."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, *, role: str | None = "super_admin", method: str = "GET", **headers: str) -> Answer:
        """One request with the role's token; None: anonymous. Redirects are not followed."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request(method, path, headers={**self.bearer(role), **headers})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def stream(self, path: str = "/stream", *, timeout_s: float = PATIENCE_S, **headers: str) -> EventStream:
        """Open the stream as a super_admin; every read ends within `timeout_s`."""
        request = urllib.request.Request(f"{self.url}{path}", headers={**self.bearer("super_admin"), **headers})
        return EventStream(urllib.request.urlopen(request, timeout=timeout_s), timeout_s)

    def sign_in(self, email: str = EMAIL, password: str = PASSWORD) -> dict[str, str]:
        """The headers with which the pages of a signed-in `email` ask and change things."""
        browser = HttpBrowser(self.port)
        assert browser.log_in(email, password).status == 303
        browser.open("/account")
        return {**browser.headers, "X-CSRFToken": browser.token}

    def bearer(self, role: str | None) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[role]}"} if role else {}


class WebServer(WebClient, Service):
    """gunicorn with our configuration on a free port; its database, unless told, SQLite beside its log."""

    program = sys.executable

    def __init__(self, redis_url: str, constants: Mapping[str, float] | None = None, **environ: str) -> None:
        """`constants`: those of its modules that are others here, `{"app.live.hub.HEARTBEAT_S": 0.5}`."""
        super().__init__()
        self._constants = constants or {}
        self.database_url = environ.get("DATABASE_URL", f"sqlite:///{self.directory / 'monitor.sqlite3'}")
        self.environ = {
            "REDIS_URL": redis_url,
            "DATABASE_URL": self.database_url,
            "SECRET_KEY": SECRET_KEY,
            "PORT": str(self.port),
            "PYTHONPATH": str(ROOT),
            **environ,
        }
        self._engine = make_engine(self.database_url)
        migrate(self._engine)
        self.accounts = Accounts(self._engine)
        for email, role in ((EMAIL, "super_admin"), ("viewer@example.org", "viewer")):
            self.accounts.create_user(email, PASSWORD, role)
            self.tokens[role] = self.accounts.tokens.create(email)[1]

    def set_back_sessions(self, idle_s: float) -> None:
        """Move the last use of every session back by `idle_s`."""
        with writing(self._engine) as connection:
            connection.execute(update(login_sessions).values(seen_at=login_sessions.c.seen_at - idle_s))

    def start(self) -> None:
        config = self._write_config() if self._constants else ROOT / "gunicorn.conf.py"
        command = [sys.executable, "-m", "gunicorn", "-c", str(config), "--graceful-timeout", "3", "app:create_app()"]
        self._run(command, self.environ)

    def _write_config(self) -> Path:
        """The configuration, with other values for some constants of its worker."""
        config = self.directory / "gunicorn.conf.py"
        config.write_text(CONFIG_WITH_CONSTANTS.format(ours=str(ROOT / "gunicorn.conf.py"), constants=self._constants))
        return config

    def terminate(self) -> None:
        """Ask it to end, as a process manager does."""
        assert self._process is not None
        self._process.terminate()

    def wait(self) -> int:
        """Its exit code. Raises: psutil.TimeoutExpired when it does not end."""
        assert self._process is not None
        return int(self._process.wait(PATIENCE_S))

    def stop(self) -> None:
        self._engine.dispose()
        super().stop()

    def is_ready(self) -> bool:
        try:
            return self.get("/livez", role=None).status == 200
        except OSError:
            return False


def refused(open_stream: Any) -> Answer:
    """The answer to a refused stream."""
    try:
        open_stream()
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read())
    raise AssertionError("the stream was opened")
