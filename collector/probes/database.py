"""Whether the watched database answers `SELECT 1`.

A question may take `ANSWER_S`, longer than a tick, and libpq's shortest connect time-out is 2 s. So the monitor puts
it in a lane. No statement time-out is set: `SELECT 1` waits for no lock, and PgBouncer refuses the start-up option.
"""

import logging
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

from collector.probes.backoff import DENIED_CAP_S, Backoff
from collector.probes.verdict import judge
from store.deadline_connection import DeadlineConnection
from store.samples.model import Check

log = logging.getLogger(__name__)

_POSTGRES_OPTIONS = {
    "connect_timeout": 2,  # s; the least that libpq takes.
    "tcp_user_timeout": 5000,  # ms; frees the thread from a peer that vanished, where TCP would wait 15 minutes.
    "keepalives_idle": 5,  # s
    "application_name": "zapvoice-monitor",
    "prepare_threshold": None,  # PgBouncer's transaction mode shares server connections.
}
DENIED_PAUSE_S = 2.0
"""First pause after a refusal for want of rights, which PostgreSQL logs as an error each time."""

SQLITE_LOCK_S = 0.8
"""How long a writer may hold the file before it counts as a time-out."""

ANSWER_S = 2.0
"""How long PostgreSQL may take to answer. Then the connection is given up: one that a proxy keeps open though nobody is
behind it any more would be waited on for ever."""

_ASK = "SELECT 1"
_ASK_SQLITE = "SELECT 1 FROM sqlite_master LIMIT 1"
"""SQLite answers a bare SELECT 1 without a look at the file."""


class DatabaseProbe:
    """Asks one database once a sample over one kept connection. Not thread-safe, and it may block: for a lane."""

    def __init__(self, url: str) -> None:
        self._connect = _sqlite_file(url) if sa.make_url(url).get_backend_name() == "sqlite" else _postgres(url)
        self._kept: psycopg.Connection[Any] | None = None
        self._last_reason: str | None = None
        self._denied = Backoff(DENIED_PAUSE_S, DENIED_CAP_S)
        self._resting_until_s = 0.0
        """Until when a database that refuses us is not asked, monotonic."""

    def read(self) -> Check:
        """The verdict on one question."""
        started = time.monotonic()
        if started < self._resting_until_s:
            return judge(self._last_reason, None)
        try:
            self._select()
            failure = None
        except Exception as error:  # noqa: BLE001  Drivers raise outside their own tree, too.
            failure = _reason_of(error)
        if failure not in (None, self._last_reason):
            log.warning("the watched database: %s", failure)
        self._last_reason = failure
        if failure == "denied":
            self._resting_until_s = started + self._denied.next_s()
        else:
            self._denied.reset()
        return judge(failure, (time.monotonic() - started) * 1000)

    def close(self) -> None:
        """Close the kept connection."""
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def _select(self) -> None:
        kept = self._kept
        if kept is not None:
            try:
                kept.execute(_ASK)
                return
            except psycopg.OperationalError as error:
                if not kept.closed or _reason_of(error) == "timeout":
                    raise
                # It was dead, as after a restart; that says nothing of the server.
            finally:
                if kept.closed:
                    self._kept = None
        connection = self._connect()
        if isinstance(connection, sqlite3.Connection):
            with closing(connection):  # A kept connection would outlive a deleted file.
                connection.execute(_ASK_SQLITE)
        else:
            self._kept = connection
            connection.execute(_ASK)


def _postgres(url: str) -> Callable[[], psycopg.Connection[Any]]:
    """Connects as SQLAlchemy would, without what it does around each question: that took longer than the question."""
    target = sa.make_url(url)
    arguments, options = target.get_dialect()().create_connect_args(target)
    # Autocommit: without BEGIN and ROLLBACK a question is one round trip.
    named = {**options, **_POSTGRES_OPTIONS, "autocommit": True}

    def connect() -> psycopg.Connection[Any]:
        connection = DeadlineConnection.connect(*arguments, **named)
        connection.answer_s = ANSWER_S
        return connection

    return connect


def _sqlite_file(url: str) -> Callable[[], sqlite3.Connection]:
    path = sa.make_url(url).database
    if not path or path == ":memory:":
        return partial(sqlite3.connect, ":memory:")
    # mode=rw: a plain path would be created when it is missing.
    uri = f"{Path(path).absolute().as_uri()}?mode=rw"
    return partial(sqlite3.connect, uri, uri=True, timeout=SQLITE_LOCK_S)


def _reason_of(error: BaseException) -> str:
    """The reason code: refused, timeout, denied, certificate, certificate_name or error.

    libpq gives a failed log-in no SQLSTATE, only text in the server's language; that a password was asked for is what
    tells a log-in refused from a server that takes nobody. Source: libpq PQconnectionUsedPassword.
    """
    if isinstance(error, psycopg.errors.ConnectionTimeout | psycopg.errors.QueryCanceled):
        return "timeout"
    if isinstance(error, psycopg.OperationalError):
        if fault := _certificate_fault(str(error)):
            return fault
        return "denied" if error.pgconn is not None and error.pgconn.used_password else "refused"
    if isinstance(error, sqlite3.OperationalError):
        return {"SQLITE_CANTOPEN": "refused", "SQLITE_BUSY": "timeout"}.get(error.sqlite_errorname, "error")
    return "error"


def _certificate_fault(told: str) -> str | None:
    """What libpq says of a server's certificate, in words alone: whether it is the name, and no more."""
    if "does not match host name" in told:
        return "certificate_name"
    return "certificate" if "certificate verify failed" in told else None
