"""The panel's database, and the watched one, behind PgBouncer with transaction pooling."""

import json
import secrets
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection

import pytest
from sqlalchemy import text

from app.accounts.accounts import Accounts
from app.accounts.migrations import migrate
from collector.probes.database import DatabaseProbe
from store.database import make_engine, reading, writing
from store.errors import StoreUnavailable
from store.samples.model import Status
from tests.logins import PASSWORD
from tests.pgbouncer import PgBouncer
from tests.process import PATIENCE_S
from tests.services import PostgresServer, wait_until
from tests.web import WebServer
from tools.fuzz import ALL_WAYS, fuzz

pytestmark = pytest.mark.live

REQUESTS = 500
AT_ONCE = 40


@pytest.fixture(scope="module")
def bouncer(postgres_server: PostgresServer) -> Iterator[PgBouncer]:
    with PgBouncer(postgres_server) as server:
        yield server


@pytest.fixture
def pooled_url(bouncer: PgBouncer, postgres_url: str) -> str:
    """The URL of a fresh database by way of the pooler."""
    return bouncer.url_of(postgres_url.rpartition("/")[2])


@pytest.fixture
def web(pooled_url: str, redis_url: str) -> Iterator[WebServer]:
    with WebServer(redis_url, DATABASE_URL=pooled_url, MAX_STREAMS_PER_USER="50", **ALL_WAYS) as server:
        wait_until(lambda: server.get("/readyz", role=None).status == 200)
        yield server


def ask(web: WebServer, path: str, token: str) -> tuple[int, dict]:
    connection = HTTPConnection("127.0.0.1", web.port, timeout=PATIENCE_S)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def test_hundreds_of_requests_at_once_get_their_own_answers_and_nobody_elses(web: WebServer) -> None:
    names = [f"user-{number}@example.org" for number in range(8)]
    for name in names:
        web.accounts.create_user(name, PASSWORD, "super_admin")
    made = {name: web.accounts.tokens.create(name) for name in names}
    tokens = {name: token for name, (_, token) in made.items()}
    week_ago = int(time.time()) - 7 * 86_400
    paths = ("/api/me", f"/api/history?host=x&since={week_ago}", "/api/audit", "/api/me")
    work: list[tuple[str, str, int]] = []
    for number in range(REQUESTS):
        path = paths[number % len(paths)]
        who, expected = [(names[number % 8], 200), ("viewer", 403), ("stranger", 401)][0 if number % 5 else number % 3]
        work.append((path, who, expected))
    tokens |= {"viewer": web.tokens["viewer"], "stranger": secrets.token_hex(20)}

    def check(item: tuple[str, str, int]) -> str:
        path, who, expected = item
        status, answer = ask(web, path, tokens[who])
        while status == 503:  # The pool or the database was busy, and that was said: no answer is nobody's.
            status, answer = ask(web, path, tokens[who])
        if status != expected and not (path == "/api/me" and who == "viewer"):
            return f"{path} {who}: {status} {answer}"
        return "" if path != "/api/me" or status != 200 or who in ("viewer", answer["email"]) else f"{who}: {answer}"

    # While streams are open, who may look on is asked again and again, over connections that are shared with all this.
    during = [web.stream(Authorization=f"Bearer {tokens[name]}") for name in names]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        wrong = Counter(filter(None, pool.map(check, work)))
    for stream in during:
        stream.close()
    after = [web.stream(Authorization=f"Bearer {tokens[name]}") for name in names[:2]]
    web.accounts.tokens.revoke(made[names[0]][0])

    assert after[0].next("bye").json["reason"] == "revoked"
    assert ask(web, "/api/me", tokens[names[0]])[0] == 401
    assert ask(web, "/api/me", tokens[names[1]])[1]["email"] == names[1]
    for stream in after:
        stream.close()
    assert wrong == {}
    assert "prepared statement" not in web.log.read_text()
    engine = make_engine(web.database_url)
    with reading(engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM pg_prepared_statements")).scalar_one() == 0
    engine.dispose()


def test_made_up_requests_get_no_fault_of_the_databases_either(web: WebServer) -> None:
    found, _ = fuzz(web, 150)

    assert found == []
    paths = ("/api/history?host=%00&since=1700000000", "/api/audit?who=%00", "/audit?who=a%00b")
    assert [web.get(path).status for path in paths] == [400, 200, 200]


def test_processes_that_start_at_once_migrate_once_behind_a_pooler(pooled_url: str) -> None:
    engines = [make_engine(pooled_url) for _ in range(4)]

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(migrate, engines))

    Accounts(engines[0]).create_user("a@example.org", PASSWORD, "super_admin")
    for engine in engines:
        engine.dispose()


def test_what_is_set_for_a_transaction_is_not_left_behind_for_the_next_client(pooled_url: str) -> None:
    engine = make_engine(pooled_url, timeout_s=7)

    with writing(engine) as connection:
        inside = connection.execute(text("SHOW statement_timeout")).scalar_one()
    with reading(engine) as connection:
        outside = connection.execute(text("SHOW statement_timeout")).scalar_one()

    assert (inside, outside) == ("7s", "0")
    engine.dispose()


def test_a_statement_outside_of_a_transaction_is_ended_at_the_server_too(
    pooled_url: str, postgres_server: PostgresServer
) -> None:
    engine = make_engine(pooled_url, timeout_s=0.1)
    name = secrets.token_hex(4)

    with pytest.raises(StoreUnavailable, match="timeout"), reading(engine) as connection:
        connection.execute(text(f"SELECT '{name}', pg_sleep(60)"))

    with postgres_server.connect() as look:
        asked = (
            "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE %s AND pid <> pg_backend_pid()"
        )
        wait_until(lambda: look.execute(asked, [f"%{name}%pg_sleep%"]).fetchone() == (0,), 5)
    engine.dispose()


def test_the_watched_database_is_online_behind_a_pooler_and_refused_when_nobody_is_behind_it() -> None:
    with PostgresServer() as server, PgBouncer(server) as bouncer:
        probes = [DatabaseProbe(bouncer.url) for _ in range(8)]
        checks = [probe.read() for _ in range(8) for probe in probes]
        server.kill9()
        with closing(probes[0]):
            wait_until(lambda: probes[0].read().reason == "refused", 10)
            server.start()
            wait_until(lambda: probes[0].read().status is Status.ONLINE, 10)
        for probe in probes:
            probe.close()

    assert {check.reason for check in checks} <= {None, "slow"}
