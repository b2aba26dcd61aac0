"""The database probe against a real PostgreSQL and SQLite files."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from uuid import uuid4

import pytest

from collector.probes import database
from collector.probes.database import DatabaseProbe
from collector.sampling.background_probe import BackgroundProbe
from collector.sampling.monitor import NO_ANSWER
from store.samples.model import Check, Status
from tests.process import PATIENCE_S
from tests.promises import Promise
from tests.services import PostgresServer, free_port, wait_until

REFUSED = Check(status=Status.OFFLINE, reason="refused")
DENIED = Check(status=Status.UNKNOWN, reason="denied")


class Asked:
    """A probe in the background, as the monitor runs it."""

    def __init__(self, probe: DatabaseProbe, timeout_s: float) -> None:
        self._probe = BackgroundProbe("database", probe.read, when_stuck=NO_ANSWER, when_failed=NO_ANSWER)
        self._timeout_s = timeout_s

    def read(self) -> Check:
        self._probe.start()
        return self._probe.result(self._timeout_s)


MakeProbe = Callable[..., Asked]


@pytest.fixture
def make_probe() -> Iterator[MakeProbe]:
    """Makes probes that are closed after the test."""
    with ExitStack() as stack:

        def make(url: str, timeout_s: float = PATIENCE_S) -> Asked:
            return Asked(stack.enter_context(closing(DatabaseProbe(url))), timeout_s)

        yield make


def without_latency(check: Check) -> Check:
    return Check(status=check.status, reason=check.reason)


@pytest.mark.live
@pytest.mark.usefixtures("patient_probes")
def test_postgres_that_answers_is_online_over_one_kept_connection(
    postgres_url: str, postgres_server: PostgresServer, make_probe: MakeProbe
) -> None:
    probe = make_probe(postgres_url)

    checks = [probe.read() for _ in range(5)]

    assert {check.status for check in checks} == {Status.ONLINE}
    assert checks[-1].latency_ms is not None
    assert checks[-1].latency_ms > 0
    with postgres_server.connect() as connection:
        kept = connection.execute(
            "SELECT state FROM pg_stat_activity WHERE application_name = 'zapvoice-monitor'"
        ).fetchall()
    assert kept == [("idle",)]


@pytest.mark.live
def test_postgres_that_hangs_is_a_timeout_at_the_deadline_and_online_again_when_it_wakes(make_probe: MakeProbe) -> None:
    with PostgresServer() as server:
        probe = make_probe(server.url, timeout_s=0.3)
        wait_until(lambda: probe.read().status == Status.ONLINE)

        server.pause()
        for _ in range(3):
            with Promise.TICK.kept():
                assert probe.read() == NO_ANSWER
        server.resume()

        wait_until(lambda: probe.read().status == Status.ONLINE)


@pytest.mark.live
def test_postgres_that_hangs_before_the_first_connection_is_a_timeout_too(make_probe: MakeProbe) -> None:
    with PostgresServer() as server:
        server.pause()
        probe = make_probe(server.url, timeout_s=0.3)

        assert probe.read() == NO_ANSWER

        server.resume()
        wait_until(lambda: probe.read().status == Status.ONLINE)


@pytest.mark.live
@pytest.mark.usefixtures("patient_probes")
def test_postgres_that_died_is_refused_and_a_restart_between_two_looks_goes_unseen(
    caplog: pytest.LogCaptureFixture, make_probe: MakeProbe
) -> None:
    with PostgresServer() as server:
        probe = make_probe(server.url)
        wait_until(lambda: probe.read().status == Status.ONLINE)

        server.kill9()
        server.start()
        restarted = probe.read()
        server.kill9()
        dead = probe.read()

    assert restarted.status == Status.ONLINE
    assert without_latency(dead) == REFUSED
    assert server.password not in caplog.text
    assert str(server.port) not in caplog.text


@pytest.mark.live
@pytest.mark.parametrize("spoil", ["password", "database"])
def test_a_wrong_postgres_password_or_database_is_denied(
    spoil: str, postgres_server: PostgresServer, make_probe: MakeProbe
) -> None:
    url = postgres_server.url
    url = url.replace(postgres_server.password, "wrong") if spoil == "password" else f"{url}-nowhere"

    assert without_latency(make_probe(url).read()) == DENIED


@pytest.mark.live
def test_a_denied_postgres_login_is_not_tried_at_every_tick_since_postgres_logs_each_attempt(
    postgres_server: PostgresServer, make_probe: MakeProbe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "DENIED_PAUSE_S", 60.0)
    user = f"nobody_{uuid4().hex}"
    probe = make_probe(postgres_server.url.replace("://monitor:", f"://{user}:"))

    assert [without_latency(probe.read()) for _ in range(5)] == [DENIED] * 5
    attempts = f'FATAL:  password authentication failed for user "{user}"'
    assert postgres_server.log.read_text().count(attempts) == 1


def test_nobody_listening_is_refused(make_probe: MakeProbe) -> None:
    probe = make_probe(f"postgresql://user:secret@127.0.0.1:{free_port()}/name")

    assert without_latency(probe.read()) == REFUSED


@pytest.mark.usefixtures("patient_probes")
def test_an_sqlite_file_is_online_however_it_is_named(tmp_path: Path, make_probe: MakeProbe) -> None:
    path = tmp_path / "a #1 100%.sqlite3"
    sqlite3.connect(path).close()

    assert make_probe(f"sqlite:///{path}").read().status == Status.ONLINE


def test_a_missing_sqlite_file_is_refused_and_not_created(tmp_path: Path, make_probe: MakeProbe) -> None:
    path = tmp_path / "missing.sqlite3"

    assert without_latency(make_probe(f"sqlite:///{path}").read()) == REFUSED
    assert not path.exists()


@pytest.mark.usefixtures("patient_probes")
def test_an_sqlite_file_that_is_deleted_is_noticed(tmp_path: Path, make_probe: MakeProbe) -> None:
    path = tmp_path / "monitor.sqlite3"
    sqlite3.connect(path).close()
    probe = make_probe(f"sqlite:///{path}")
    before = probe.read()

    path.unlink()

    assert before.status == Status.ONLINE
    assert without_latency(probe.read()) == REFUSED


def test_a_file_that_is_no_database_is_an_error(tmp_path: Path, make_probe: MakeProbe) -> None:
    path = tmp_path / "text.sqlite3"
    path.write_text("this is not a database, and long enough to be read as a header of one" * 20)

    assert without_latency(make_probe(f"sqlite:///{path}").read()) == Check(status=Status.UNKNOWN, reason="error")
