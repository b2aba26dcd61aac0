import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, text
from sqlalchemy.exc import IntegrityError

from app.accounts.migrations import migrate
from app.accounts.tables import users
from store.database import SQLITE_LOCK_S, make_engine, reading, writing
from store.errors import StoreUnavailable, Unstorable
from tests.promises import Promise
from tests.services import PostgresServer, free_port

ROW = {"email": "a@example.test", "password_hash": "-", "role": "viewer", "created_at": 1.5}


def test_what_fails_halfway_leaves_nothing_behind(engine: Engine) -> None:
    with reading(engine) as connection:  # Outside of a transaction; the next user of the connection is inside of one.
        connection.execute(text("SELECT 1"))

    with suppress(ZeroDivisionError), writing(engine) as connection:
        connection.execute(insert(users).values(ROW))
        _ = 1 / 0

    with reading(engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM users")).scalar_one() == 0


def test_a_foreign_key_holds_in_every_database(engine: Engine) -> None:
    orphan = text("INSERT INTO tokens (user_id, token_hash, created_at) VALUES (7, 'x', 1)")

    with pytest.raises(IntegrityError), writing(engine) as connection:
        connection.execute(orphan)


def test_a_locked_sqlite_file_is_given_up_before_the_event_loop_is_missed(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/monitor.sqlite3")
    migrate(engine)
    other = sqlite3.connect(tmp_path / "monitor.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(StoreUnavailable, match="locked"), writing(engine):  # While the other holds it.
        pass

    assert SQLITE_LOCK_S <= 0.25, "gevent's event loop waits with SQLite"
    with reading(engine) as connection:  # A reader does not wait for a writer.
        assert connection.execute(text("SELECT count(*) FROM users")).scalar_one() == 0
    other.close()
    engine.dispose()


@pytest.mark.live
@pytest.mark.parametrize("statement", ["SELECT 1 FROM nowhere", "SELECT nothing", "SELEC", "EXECUTE _pg3_0"])
def test_whatever_the_driver_raises_is_ours(statement: str, postgres_url: str) -> None:
    engine = make_engine(postgres_url)

    for connecting in (reading, writing):
        with pytest.raises(StoreUnavailable), connecting(engine) as connection:
            connection.exec_driver_sql(statement)
    engine.dispose()


def test_a_value_that_the_database_does_not_know_is_told_as_such(engine: Engine) -> None:
    values = [{**ROW, "email": "\ud800"}]
    if engine.dialect.name == "postgresql":  # SQLite keeps a NUL.
        values.append({**ROW, "email": "a\0b"})

    for value in values:
        with pytest.raises(Unstorable), writing(engine) as connection:
            connection.execute(insert(users).values(value))


def test_a_server_that_refuses_is_unavailable_and_its_password_is_not_told() -> None:
    engine = make_engine(f"postgresql+psycopg://monitor:topsecret@127.0.0.1:{free_port()}/monitor")

    with pytest.raises(StoreUnavailable) as caught, reading(engine):
        pass

    assert "topsecret" not in str(caught.value)


@pytest.mark.live
def test_a_slow_statement_is_ended_by_the_server(postgres_url: str) -> None:
    engine = make_engine(postgres_url)

    with Promise.FAULT_SHOWS.kept(), pytest.raises(StoreUnavailable, match="timeout"), reading(engine) as connection:
        connection.execute(text("SELECT pg_sleep(30)"))
    engine.dispose()


@pytest.mark.live
def test_options_given_in_the_url_stand_beside_the_deadline(postgres_url: str) -> None:
    engine = make_engine(postgres_url + "?options=-c%20application_name%3Dpanel")

    with writing(engine) as connection:
        shown = [
            connection.execute(text(f"SHOW {name}")).scalar_one() for name in ("application_name", "statement_timeout")
        ]

    assert shown == ["panel", "2s"]
    engine.dispose()


@pytest.mark.live
def test_a_pool_with_every_connection_in_use_is_unavailable(postgres_url: str) -> None:
    engine = make_engine(postgres_url)
    held = [engine.connect() for _ in range(15)]

    with Promise.FAULT_SHOWS.kept(), pytest.raises(StoreUnavailable, match="in use"), reading(engine):
        pass
    for connection in held:
        connection.close()
    engine.dispose()


@pytest.mark.live
def test_a_restart_of_the_server_costs_no_request() -> None:
    with PostgresServer() as server:
        engine = make_engine(server.url)
        with reading(engine) as connection:
            connection.execute(text("SELECT 1"))
        server.kill9()
        with pytest.raises(StoreUnavailable), reading(engine):
            pass
        server.start()

        with reading(engine) as connection:
            assert connection.execute(text("SELECT 1")).scalar_one() == 1
        engine.dispose()


@pytest.mark.live
def test_a_server_that_answers_nothing_is_given_up_and_taken_back() -> None:
    with PostgresServer() as server:
        engine = make_engine(server.url)
        with reading(engine) as connection:
            connection.execute(text("SELECT 1"))
        server.pause()

        with Promise.FAULT_SHOWS.kept(), pytest.raises(StoreUnavailable), reading(engine):
            pass

        server.resume()
        with reading(engine) as connection:
            assert connection.execute(text("SELECT 2")).scalar_one() == 2
        engine.dispose()
