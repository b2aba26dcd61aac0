"""Whether the watched database answers `SELECT 1`.

A query may take `ANSWER_S`, longer than a tick, and libpq's shortest connect timeout is 2 s, so the monitor runs this
probe in the background. No statement timeout is set: `SELECT 1` waits for no lock, and PgBouncer refuses the start-up
option.
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
    "connect_timeout": 2,  # s; libpq's minimum.
    "tcp_user_timeout": 5000,  # ms; else TCP waits 15 minutes for a peer that vanished.
    "keepalives_idle": 5,  # s
    "application_name": "zapvoice-monitor",
    "prepare_threshold": None,  # PgBouncer's transaction mode shares server connections.
}
DENIED_PAUSE_S = 2.0
"""First pause after access is denied: PostgreSQL logs each denial as an error."""

SQLITE_LOCK_S = 0.8
"""How long a writer may lock the file before the check counts as timed out."""

ANSWER_S = 2.0
"""How long PostgreSQL may take to answer. After that the connection is dropped: a proxy can keep one open for ever
although the server behind it is gone."""

_ASK = "SELECT 1"
_ASK_SQLITE = "SELECT 1 FROM sqlite_master LIMIT 1"
"""SQLite answers a bare SELECT 1 without reading the file."""


class DatabaseProbe:
    """Queries one database once a sample over one kept connection. Blocks, and is not thread-safe."""

    def __init__(self, url: str) -> None:
        self._connect = _sqlite_file(url) if sa.make_url(url).get_backend_name() == "sqlite" else _postgres(url)
        self._kept: psycopg.Connection[Any] | None = None
        self._last_reason: str | None = None
        self._denied = Backoff(DENIED_PAUSE_S, DENIED_CAP_S)
        self._resting_until_s = 0.0
        """Until when a database that denies access is left alone, monotonic."""

    def read(self) -> Check:
        """The check of one query. Foreign errors become reason codes."""
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
                # The connection was dead, as after a restart of the server, which may be fine now.
            finally:
                if kept.closed:
                    self._kept = None
        connection = self._connect()
        if isinstance(connection, sqlite3.Connection):
            with closing(connection):  # Not kept: it would outlive a deleted file.
                connection.execute(_ASK_SQLITE)
        else:
            self._kept = connection
            connection.execute(_ASK)


def _postgres(url: str) -> Callable[[], psycopg.Connection[Any]]:
    """Connects as SQLAlchemy would, without its work around each query, which took longer than the query."""
    target = sa.make_url(url)
    arguments, options = target.get_dialect()().create_connect_args(target)
    # Autocommit: without BEGIN and ROLLBACK a query is one round trip.
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

    libpq gives a failed login no SQLSTATE, only text in the server's language. A failure after the server asked for the
    password means denied, one before means refused. Source: libpq, PQconnectionUsedPassword.
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


def _certificate_fault(message: str) -> str | None:
    """libpq reports a bad certificate in words only, which tell apart no more than these two."""
    if "does not match host name" in message:
        return "certificate_name"
    return "certificate" if "certificate verify failed" in message else None
