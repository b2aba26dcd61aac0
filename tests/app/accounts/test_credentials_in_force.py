"""Both databases say which credentials are in force, however often they are asked."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, event, make_url

from app.accounts.accounts import Accounts
from app.accounts.credentials import Credentials
from app.accounts.principals import Role
from app.accounts.sessions import hash_of
from store.database import make_engine
from store.errors import StoreUnavailable
from tests.logins import ADMIN, open_session
from tests.services import PostgresServer, free_port


@pytest.fixture
def credentials(engine: Engine, accounts: Accounts) -> Credentials:
    return Credentials(engine, accounts.sessions, Role.SUPER_ADMIN)


@pytest.fixture
def session(accounts: Accounts) -> str:
    return f"session:{hash_of(open_session(accounts, *ADMIN) or '')}"


@pytest.fixture
def token(accounts: Accounts) -> str:
    return f"token:{hash_of(accounts.tokens.create(ADMIN[0])[1])}"


def test_what_nobody_was_given_does_not_hold(credentials: Credentials, session: str, token: str) -> None:
    swapped = f"token:{session.partition(':')[2]}"

    assert credentials.in_force({session, token, swapped, "session:none", "neither"}) == {session, token}
    assert credentials.in_force(()) == set()


TAKE_AWAY: dict[str, Callable[[Accounts], object]] = {
    "disabled": lambda accounts: accounts.disable_user(ADMIN[0]),
    "another role": lambda accounts: accounts.set_role(ADMIN[0], Role.VIEWER),
}


@pytest.mark.parametrize("how", TAKE_AWAY)
def test_what_is_taken_away_from_its_user_is_seen_by_the_next_question(
    how: str, credentials: Credentials, accounts: Accounts, session: str, token: str
) -> None:
    assert credentials.in_force({session, token}) == {session, token}

    TAKE_AWAY[how](accounts)

    assert credentials.in_force({session, token}) == set()


def test_an_ended_session_and_a_revoked_token_are_seen_by_the_next_question(
    credentials: Credentials, accounts: Accounts, session: str
) -> None:
    number, secret = accounts.tokens.create(ADMIN[0])
    held = {session, f"token:{hash_of(secret)}"}
    assert credentials.in_force(held) == held

    accounts.sessions.revoke_all(ADMIN[0])
    accounts.tokens.revoke(number)

    assert credentials.in_force(held) == set()


def test_a_session_that_has_expired_does_not_hold(engine: Engine, accounts: Accounts, session: str) -> None:
    credentials = Credentials(engine, accounts.sessions, Role.SUPER_ADMIN, clock=lambda: 4e9)

    assert credentials.in_force({session}) == set()


def test_one_connection_is_taken_for_all_questions(credentials: Credentials, engine: Engine, session: str) -> None:
    taken: list[object] = []
    event.listen(engine, "checkout", lambda *_: taken.append(None))

    assert [credentials.in_force({session, "token:none"}) for _ in range(3)] == [{session}] * 3
    assert len(taken) == 1


def test_a_kept_connection_that_has_died_costs_no_answer(postgres_server: PostgresServer, postgres_url: str) -> None:
    engine = make_engine(postgres_url)
    accounts = Accounts(engine)
    accounts.migrate()
    accounts.create_user(*ADMIN, Role.SUPER_ADMIN)
    held = {f"token:{hash_of(accounts.tokens.create(ADMIN[0])[1])}"}
    credentials = Credentials(engine, accounts.sessions, Role.SUPER_ADMIN)
    assert credentials.in_force(held) == held
    with postgres_server.connect() as connection:
        ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s"
        connection.execute(ended, (make_url(postgres_url).database,))

    assert credentials.in_force(held) == held
    engine.dispose()


def test_a_server_that_refuses_is_unavailable_and_its_password_is_not_told() -> None:
    engine = make_engine(f"postgresql+psycopg://monitor:topsecret@127.0.0.1:{free_port()}/monitor")
    credentials = Credentials(engine, Accounts(engine).sessions, Role.SUPER_ADMIN)

    with pytest.raises(StoreUnavailable) as caught:
        credentials.in_force({"token:x"})

    assert "topsecret" not in str(caught.value)
