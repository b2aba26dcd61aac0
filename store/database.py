"""Opens the panel's own SQL database, and bounds how long each call may take. Knows no table.

The only place where an error of SQLAlchemy or a driver becomes one of ours.

A pooler such as PgBouncer may give each transaction another connection to the server. So the panel uses nothing that
lasts on a connection: no start-up options, no prepared statements, only `SET LOCAL`, only locks of a transaction.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from sqlalchemy import Connection, Engine, Select, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql.compiler import SQLCompiler

from store.errors import StoreUnavailable, Unstorable

CONNECT_S = 3
"""Longest wait for a PostgreSQL server to accept a connection. libpq counts whole seconds, 2 at least."""

POOL_S = 2.0
"""Longest wait for a free connection of the pool."""

STATEMENT_S = 2.0
"""PostgreSQL's own deadline for a statement of a transaction, locks included. The panel's take about a millisecond."""

ANSWER_S = 1.0
"""How much longer than that the client waits for a PostgreSQL server."""

SQLITE_LOCK_S = 0.25
"""Longest wait for SQLite's write lock. Short, because SQLite waits in C and gevent's event loop waits with it."""


def make_engine(url: str, *, timeout_s: float | None = None, may_create: bool = True) -> Engine:
    """Returns an engine whose every wait has a deadline. Connects to nothing yet.

    `timeout_s` replaces STATEMENT_S and SQLITE_LOCK_S. `may_create`: whether to create a missing SQLite file.
    """
    target = make_url(url)
    if target.get_backend_name() == "sqlite":
        if not may_create and target.database:
            name = f"file:{quote(str(Path(target.database).absolute()))}"
            target = target.set(database=name, query={"mode": "rw", "uri": "true"})
        return _make_sqlite_engine(target, SQLITE_LOCK_S if timeout_s is None else timeout_s)
    return _make_postgresql_engine(target, STATEMENT_S if timeout_s is None else timeout_s)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection for one SELECT, outside of any transaction: one round trip, no lock.

    Raises: StoreUnavailable, Unstorable.
    """
    with _translated(), engine.connect() as connection:
        # On the connection: an engine with options is a new engine each time, a third of a read's time.
        connection.execution_options(isolation_level="AUTOCOMMIT")
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction, committed at the end of the block. In SQLite it holds the write lock from its start.

    Raises: StoreUnavailable, Unstorable; the block's work is then rolled back.
    """
    with _translated(), engine.begin() as connection:
        yield connection


class StandingConnection:
    """A connection that is kept for SELECTs which repeat every few seconds, until the engine ends. Not thread-safe.

    The driver asks what SQLAlchemy has compiled: what the pool and SQLAlchemy do around each question takes four times
    as long as the question.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        event.listen(engine, "engine_disposed", self._drop)

    def compiled(self, query: Select[Any]) -> SQLCompiler:
        """The query in the words of this database."""
        return query.compile(self._engine)

    def rows(self, query: SQLCompiler, **parameters: Any) -> list[Any]:
        """The rows that a compiled query finds. Raises: StoreUnavailable."""
        if self._connection is not None:
            with suppress(self._failure):  # It may have died with the server, which says nothing of a new one.
                return _fetch(self._connection, query, parameters)
            self._drop()
        with _translated():
            self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            return _fetch(self._connection, query, parameters)
        except self._failure as exc:
            self._drop()
            raise _unavailable(exc) from exc

    @property
    def _failure(self) -> type[Exception]:
        return self._engine.dialect.loaded_dbapi.Error

    def _drop(self, *_: Engine) -> None:
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None


def _fetch(connection: Connection, query: SQLCompiler, parameters: dict[str, Any]) -> list[Any]:
    values: Any = query.construct_params(parameters)
    if query.positional:
        values = [values[name] for name in query.positiontup or ()]
    cursor = connection.connection.cursor()
    try:
        cursor.execute(query.string, values)
        return list(cursor.fetchall())
    finally:
        cursor.close()


_NOT_READY = ("42P01", "42501")
"""PostgreSQL's undefined_table and insufficient_privilege."""


@contextmanager
def _translated() -> Iterator[None]:
    """Turn the driver's errors into ours, except IntegrityError: only the caller knows what that means."""
    try:
        yield
    except IntegrityError:
        raise
    except (DataError, UnicodeEncodeError, OverflowError) as exc:
        raise Unstorable("The database knows no such value") from exc
    except DBAPIError as exc:
        raise _unavailable(exc.orig) from exc
    except PoolTimeoutError as exc:
        raise StoreUnavailable("The database does not answer: every connection is in use") from exc


def _unavailable(error: BaseException | None) -> StoreUnavailable:
    """Our error for one of the driver's."""
    told = str(error).strip()
    if getattr(error, "sqlstate", None) in _NOT_READY:
        return StoreUnavailable(f"The database is not ready: {told.splitlines()[0]}")
    return StoreUnavailable(f"The database does not answer: {told}")


def _make_postgresql_engine(url: URL, timeout_s: float) -> Engine:
    engine = create_engine(
        url,
        connect_args={"connect_timeout": CONNECT_S, "prepare_threshold": None},
        pool_timeout=POOL_S,
        pool_pre_ping=True,  # So no request fails on a dead connection after the server's restart.
        hide_parameters=True,
    )

    def connect(_dialect: Dialect, _entry: ConnectionPoolEntry, args: Any, named: Any) -> DBAPIConnection:
        # Processes on SQLite load no psycopg.
        from store.deadline_connection import DeadlineConnection  # noqa: PLC0415

        connection = DeadlineConnection.connect(*args, **named)
        connection.answer_s = timeout_s + ANSWER_S  # The server's own deadline comes first: its error says more.
        return cast(DBAPIConnection, connection)

    def begin(connection: Connection) -> None:
        if _is_transaction(connection):
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = {timeout_s * 1000:.0f}")

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "begin", begin)
    return engine


def _make_sqlite_engine(url: URL, timeout_s: float) -> Engine:
    engine = create_engine(url, connect_args={"timeout": timeout_s}, pool_timeout=POOL_S, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor: Any = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")  # Readers and the writer do not block each other.
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # Deliberate: Python's driver begins a transaction late and shared. One that turns to writing fails at once,
    # without waiting, if another has written meanwhile (SQLITE_BUSY_SNAPSHOT).
    if _is_transaction(connection):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _is_transaction(connection: Connection) -> bool:
    return connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT"
