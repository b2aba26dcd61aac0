import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine, text

from app.accounts.accounts import INITIAL_S, AccountError, Accounts, ensure_first_admin
from app.accounts.passwords import Passwords, UnacceptablePassword
from app.accounts.principals import Role
from app.accounts.sessions import Origin, SessionLife
from app.accounts.tokens import TOKEN_PREFIX, TokenError
from store.database import reading, writing
from tests.logins import ADMIN, open_session

EMAIL, PASSWORD = ADMIN
NEW_PASSWORD = "another long password"


def new_session(accounts: Accounts, password: str = PASSWORD) -> str:
    token = open_session(accounts, EMAIL, password)
    assert token is not None
    return token


def test_a_session_tells_who_and_by_which_credential(accounts: Accounts) -> None:
    token = new_session(accounts)

    principal = accounts.principals.of_session(token)

    assert principal is not None
    assert (principal.email, principal.role) == (EMAIL, Role.SUPER_ADMIN)
    assert principal.credential.startswith("session:")
    assert token not in principal.credential


def test_the_database_holds_no_secret(accounts: Accounts, engine: Engine) -> None:
    secrets = [PASSWORD, new_session(accounts), accounts.tokens.create(EMAIL)[1]]

    with reading(engine) as connection:
        rows = [
            str(connection.execute(text(f"SELECT * FROM {name}")).all())
            for name in ("users", "login_sessions", "tokens")
        ]

    assert not [secret for secret in secrets if secret in "".join(rows)]


def test_an_email_address_is_the_same_in_any_case_and_with_blanks_around(accounts: Accounts) -> None:
    with pytest.raises(AccountError, match="already"):
        accounts.create_user(" Admin@Example.TEST ", PASSWORD, Role.VIEWER)

    assert open_session(accounts, " ADMIN@example.test", PASSWORD)
    assert [session.email for session in accounts.sessions.list(" ADMIN@example.test")] == [EMAIL]
    assert accounts.sessions.revoke_all("Admin@Example.TEST ") == 1


@pytest.mark.parametrize("email", ["", "admin", "a@b@c", "a b@c", "a@", "a\x00@b", "a\x1b[2J@b", f"{'a' * 250}@b.test"])
def test_what_is_no_email_address_is_refused_and_never_found(accounts: Accounts, email: str) -> None:
    with pytest.raises(AccountError, match="no e-mail address"):
        accounts.create_user(email, PASSWORD, Role.VIEWER)

    assert open_session(accounts, email, PASSWORD) is None


def test_an_unacceptable_password_creates_nobody(accounts: Accounts) -> None:
    with pytest.raises(UnacceptablePassword):
        accounts.create_user("new@example.test", "too short", Role.VIEWER)

    assert [user.email for user in accounts.list_users()] == [EMAIL]


def test_every_login_opens_a_session_of_its_own(accounts: Accounts) -> None:
    first, second = new_session(accounts), new_session(accounts)

    accounts.sessions.close(first)

    assert accounts.principals.of_session(first) is None
    assert accounts.principals.of_session(second)


@pytest.mark.parametrize("token", ["", "x", "é", "\x00", "a" * 10_000])
def test_a_made_up_token_belongs_to_nobody(accounts: Accounts, token: str) -> None:
    accounts.sessions.close(token)

    assert accounts.principals.of_session(token) is None
    assert accounts.principals.of_token(token) is None


def test_a_session_is_no_token_and_a_token_no_session(accounts: Accounts) -> None:
    assert accounts.principals.of_token(new_session(accounts)) is None
    assert accounts.principals.of_session(accounts.tokens.create(EMAIL)[1]) is None


def test_a_session_ends_at_its_time_and_its_row_goes_with_the_next_login(accounts: Accounts, engine: Engine) -> None:
    now = 1000.0
    clocked = Accounts(engine, life=SessionLife(idle_s=3600, longest_s=60), clock=lambda: now)
    token = new_session(clocked)
    now = 1059.9
    assert clocked.principals.of_session(token)

    now = 1060.0

    assert clocked.principals.of_session(token) is None
    new_session(clocked)
    with reading(engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM login_sessions")).scalar_one() == 1


def test_a_new_password_ends_every_session_but_no_token(accounts: Accounts) -> None:
    sessions = [new_session(accounts), new_session(accounts)]
    _, token = accounts.tokens.create(EMAIL)

    accounts.set_password(EMAIL, NEW_PASSWORD)

    assert [accounts.principals.of_session(session) for session in sessions] == [None, None]
    assert open_session(accounts, EMAIL, PASSWORD) is None
    assert accounts.principals.of_session(new_session(accounts, NEW_PASSWORD))
    assert accounts.principals.of_token(token)


def test_a_password_of_the_operators_opens_nothing_but_the_way_to_ones_own_and_that_for_a_week(engine: Engine) -> None:
    now = 1000.0
    accounts = Accounts(engine, clock=lambda: now)
    accounts.create_user(EMAIL, PASSWORD, Role.SUPER_ADMIN, is_initial=True)
    assert open_session(accounts, EMAIL, PASSWORD) is None
    person = accounts.check_password(EMAIL, PASSWORD)
    assert person is not None
    with pytest.raises(UnacceptablePassword, match="same as the old one"):
        accounts.replace_password(person, PASSWORD)
    now += INITIAL_S

    assert accounts.check_password(EMAIL, PASSWORD) is None
    accounts.set_password(EMAIL, PASSWORD, is_initial=True)
    person = accounts.check_password(EMAIL, PASSWORD)
    assert person is not None
    renewed = accounts.replace_password(person, NEW_PASSWORD)
    assert renewed is not None
    assert accounts.replace_password(person, "yet another long password") is None, "it is another one by now"
    now += 10 * 365 * 86_400
    assert open_session(accounts, EMAIL, NEW_PASSWORD), "a password of one's own never expires"


def test_the_oldest_of_too_many_sessions_ends_and_is_counted(engine: Engine) -> None:
    now, announced = 1000.0, 0

    def announce() -> None:
        nonlocal announced
        announced += 1

    accounts = Accounts(engine, life=SessionLife(per_user=3), clock=lambda: now, announce=announce)
    accounts.create_user(EMAIL, PASSWORD, Role.SUPER_ADMIN)
    accounts.create_user("other@example.test", PASSWORD, Role.SUPER_ADMIN)
    other = open_session(accounts, "other@example.test", PASSWORD)
    person = accounts.check_password(EMAIL, PASSWORD)
    assert person is not None
    opened = []
    for _ in range(5):
        now += 1
        opened.append(accounts.open_session_for(person, Origin("password")))

    assert [each and each.ended for each in opened] == [0, 0, 0, 1, 1]
    assert [bool(each and accounts.principals.of_session(each.token)) for each in opened] == [
        False,
        False,
        True,
        True,
        True,
    ]
    assert announced == 2
    assert accounts.principals.of_session(other or "")


def test_who_ends_the_others_keeps_this_one_and_touches_nobody_else(accounts: Accounts) -> None:
    accounts.create_user("other@example.test", PASSWORD, Role.SUPER_ADMIN)
    other = open_session(accounts, "other@example.test", PASSWORD) or ""
    tokens = [new_session(accounts) for _ in range(3)]
    mine = accounts.principals.of_session(tokens[1])
    theirs = accounts.principals.of_session(other)
    assert mine is not None
    assert theirs is not None

    foreign = accounts.sessions.list("other@example.test")[0].id
    assert not accounts.sessions.revoke(foreign, of_user=mine.user_id)
    assert accounts.sessions.revoke_others(mine.user_id, mine.credential) == 2

    assert [bool(accounts.principals.of_session(token)) for token in (*tokens, other)] == [False, True, False, True]
    number, _ = accounts.tokens.create("other@example.test")
    with pytest.raises(TokenError):
        accounts.tokens.revoke(number, of_user=mine.user_id)


def test_a_disabled_user_is_shut_out_everywhere(accounts: Accounts) -> None:
    session, (_, token) = new_session(accounts), accounts.tokens.create(EMAIL)

    accounts.disable_user(EMAIL)

    assert accounts.principals.of_session(session) is None
    assert accounts.principals.of_token(token) is None
    assert open_session(accounts, EMAIL, PASSWORD) is None
    with pytest.raises(TokenError, match="disabled"):
        accounts.tokens.create(EMAIL)


def test_the_role_is_read_at_every_look(accounts: Accounts, engine: Engine) -> None:
    session = new_session(accounts)

    with writing(engine) as connection:
        connection.execute(text("UPDATE users SET role = 'viewer'"))

    principal = accounts.principals.of_session(session)
    assert principal is not None
    assert principal.role is Role.VIEWER


def test_other_users_keep_their_sessions(accounts: Accounts) -> None:
    accounts.create_user("other@example.test", PASSWORD, Role.VIEWER)
    session = new_session(accounts)

    accounts.disable_user("other@example.test")

    assert accounts.principals.of_session(session)


def test_a_revoked_token_is_refused_and_stays_listed(accounts: Accounts) -> None:
    (first, token), (second, kept) = accounts.tokens.create(EMAIL), accounts.tokens.create(EMAIL)

    accounts.tokens.revoke(first)

    assert token.startswith(TOKEN_PREFIX)
    assert accounts.principals.of_token(token) is None
    assert accounts.principals.of_token(kept)
    assert [(row.id, row.revoked_at is None) for row in accounts.tokens.list(EMAIL)] == [(first, False), (second, True)]
    assert accounts.tokens.list("nobody@example.test") == []
    with pytest.raises(TokenError, match="revoked"):
        accounts.tokens.revoke(first)


@pytest.mark.parametrize("change", ["set_password", "disable_user"])
def test_there_is_nothing_to_change_about_an_unknown_user(accounts: Accounts, change: str) -> None:
    arguments = [NEW_PASSWORD] if change == "set_password" else []

    with pytest.raises(AccountError, match="no user"):
        getattr(accounts, change)("nobody@example.test", *arguments)
    with pytest.raises(TokenError, match="no user"):
        accounts.tokens.create("nobody@example.test")


def test_a_login_renews_a_hash_made_with_weaker_parameters(accounts: Accounts, engine: Engine) -> None:
    weak = Accounts(engine, passwords=Passwords(PasswordHasher(time_cost=1, memory_cost=16, parallelism=1)))
    weak.set_password(EMAIL, PASSWORD)

    new_session(accounts)

    with reading(engine) as connection:
        stored = connection.execute(text("SELECT password_hash FROM users")).scalar_one()
    assert "m=16," not in stored
    new_session(accounts)


class HeldHasher(PasswordHasher):
    """Pauses after a check until the test releases it: between "the password is right" and "here is your session"."""

    def __init__(self) -> None:
        super().__init__(time_cost=2, memory_cost=19_456, parallelism=1)
        self.is_checked, self.may_go = threading.Event(), threading.Event()

    def verify(self, *arguments: Any) -> Any:
        answer = super().verify(*arguments)
        self.is_checked.set()
        assert self.may_go.wait(60)
        return answer


@pytest.mark.parametrize("change", ["set_password", "disable_user"])
def test_a_login_under_way_while_the_user_changes_opens_nothing(
    accounts: Accounts, engine: Engine, change: str
) -> None:
    hasher = HeldHasher()
    slow = Accounts(engine, passwords=Passwords(hasher))

    with ThreadPoolExecutor(1) as pool:
        login = pool.submit(open_session, slow, EMAIL, PASSWORD)
        assert hasher.is_checked.wait(60)
        getattr(accounts, change)(EMAIL, *([NEW_PASSWORD] if change == "set_password" else []))
        hasher.may_go.set()

    assert login.result() is None


def test_the_first_admin_is_made_once_with_a_password_of_its_own(engine: Engine) -> None:
    accounts = Accounts(engine)

    made = ensure_first_admin(accounts, EMAIL, None)

    assert made is not None
    person = accounts.check_password(EMAIL, made)
    assert person is not None
    assert person.is_initial
    assert accounts.replace_password(person, NEW_PASSWORD)
    principal = accounts.principals.of_session(new_session(accounts, NEW_PASSWORD))
    assert principal is not None
    assert principal.role is Role.SUPER_ADMIN
    assert ensure_first_admin(accounts, "second@example.test", None) is None
    assert [user.email for user in accounts.list_users()] == [EMAIL]


def test_the_first_admin_gets_the_password_that_was_given(engine: Engine) -> None:
    accounts = Accounts(engine)

    assert ensure_first_admin(accounts, EMAIL, PASSWORD) is None
    assert open_session(accounts, EMAIL, PASSWORD)
