"""Whether the watched database answers `SELECT 1`.

A question may take `ANSWER_S`, longer than a tick, and libpq's shortest connect time-out is 2 s. So the monitor puts
it in a lane. No statement time-out is set: `SELECT 1` waits for no lock, and PgBouncer refuses the start-up option.
"""

import logging
import sqlite3
import time
from pathlib import Path
from typing import Any, cast

import psycopg
import sqlalchemy as sa
from psycopg.pq import TransactionStatus
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from collector.probes.verdict import judge
from collector.store.model import Check

log = logging.getLogger(__name__)

_POSTGRES_OPTIONS = {
    "connect_timeout": 2,  # s; the least that libpq takes.
    "tcp_user_timeout": 5000,  # ms; frees the thread from a peer that vanished, where TCP would wait 15 minutes.
    "keepalives_idle": 5,  # s
    "application_name": "zapvoice-monitor",
    "prepare_threshold": None,  # PgBouncer's transaction mode shares server connections.
}
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
        self._is_sqlite = sa.make_url(url).get_backend_name() == "sqlite"
        self._engine = _make_sqlite_engine(url) if self._is_sqlite else _make_postgres_engine(url)
        self._last_reason: str | None = None

    def read(self) -> Check:
        """The verdict on one question."""
        started = time.monotonic()
        try:
            self._select()
            failure = None
        except Exception as error:  # noqa: BLE001  Drivers raise outside their own tree, too.
            failure = _reason_of(error)
        if failure not in (None, self._last_reason):
            log.warning("the watched database: %s", failure)
        self._last_reason = failure
        return judge(failure, (time.monotonic() - started) * 1000)

    def close(self) -> None:
        """Close the kept connection, unless a question is pending on it."""
        self._engine.dispose()

    def _select(self) -> None:
        try:
            self._select_once()
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            self._select_once()  # The kept connection was dead, as after a restart; that says nothing of the server.

    def _select_once(self) -> None:
        with self._engine.connect() as connection:
            connection.exec_driver_sql(_ASK_SQLITE if self._is_sqlite else _ASK)


class _DeadlineConnection(psycopg.Connection[Any]):
    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        try:
            return super().wait(gen, interval, timeout or ANSWER_S)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()  # The answer may still come, and must not be taken for the next one's.
            raise


def _connect(_dialect: Dialect, _entry: ConnectionPoolEntry, arguments: Any, options: Any) -> DBAPIConnection:
    return cast(DBAPIConnection, _DeadlineConnection.connect(*arguments, **options))


def _make_postgres_engine(url: str) -> sa.Engine:
    # Autocommit: without BEGIN and ROLLBACK a question is one round trip.
    engine = sa.create_engine(
        url, pool_size=1, max_overflow=0, isolation_level="AUTOCOMMIT", connect_args=_POSTGRES_OPTIONS
    )
    sa.event.listen(engine, "do_connect", _connect)
    return engine


def _make_sqlite_engine(url: str) -> sa.Engine:
    path = sa.make_url(url).database
    if not path or path == ":memory:":
        return sa.create_engine(url)
    # mode=rw: a plain path would be created when it is missing. No pool: a kept connection outlives a deleted file.
    uri = f"{Path(path).absolute().as_uri()}?mode=rw"
    return sa.create_engine(
        "sqlite://", creator=lambda: sqlite3.connect(uri, uri=True, timeout=SQLITE_LOCK_S), poolclass=sa.NullPool
    )


def _reason_of(error: BaseException) -> str:
    """The reason code: refused, timeout, denied or error.

    libpq gives a failed log-in no SQLSTATE, only text in the server's language; that a password was asked for is what
    tells a log-in refused from a server that takes nobody. Source: libpq PQconnectionUsedPassword.
    """
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, psycopg.errors.ConnectionTimeout | psycopg.errors.QueryCanceled):
        return "timeout"
    if isinstance(cause, psycopg.OperationalError):
        return "denied" if cause.pgconn is not None and cause.pgconn.used_password else "refused"
    if isinstance(cause, sqlite3.OperationalError):
        return {"SQLITE_CANTOPEN": "refused", "SQLITE_BUSY": "timeout"}.get(cause.sqlite_errorname, "error")
    return "error"
