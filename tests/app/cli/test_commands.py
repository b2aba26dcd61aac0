import pytest
from click.testing import Result
from flask import Flask

from app.accounts.accounts import Accounts
from app.accounts.audit import Audit
from app.accounts.principals import Role
from app.accounts.tokens import TOKEN_PREFIX
from app.cli import commands
from store.database import make_engine
from tests.logins import ADMIN, open_session
from tests.services import free_port

EMAIL, PASSWORD = ADMIN
NEW = "new@example.test"


def run(accounts: Accounts, *command: str, stdin: str | None = None) -> Result:
    app = Flask(__name__)
    app.extensions["accounts"] = accounts
    app.extensions["audit"] = Audit(accounts._engine, keep_s=86_400)
    commands.init_app(app)
    return app.test_cli_runner().invoke(args=command, input=stdin)


def test_a_user_is_created_with_the_password_typed_twice(accounts: Accounts) -> None:
    done = run(accounts, "users", "create", NEW, "--role", "viewer", stdin=f"{PASSWORD}\n{PASSWORD}\n")

    assert done.exit_code == 0, done.output
    assert PASSWORD not in done.output
    assert knows(accounts, NEW, PASSWORD)
    assert [(user.email, user.role) for user in accounts.list_users()][1] == (NEW, Role.VIEWER)


def test_a_password_from_stdin_is_its_first_line(accounts: Accounts) -> None:
    done = run(
        accounts, "users", "create", NEW, "--role", "viewer", "--password-stdin", stdin=" with blanks around \r\nmore"
    )

    assert done.exit_code == 0, done.output
    assert knows(accounts, NEW, " with blanks around ")


def test_a_made_password_is_all_that_goes_to_stdout(accounts: Accounts) -> None:
    done = run(accounts, "users", "create", NEW, "--role", "super_admin", "--generate")

    assert knows(accounts, NEW, done.stdout.removesuffix("\n"))
    assert f"Created {NEW} as super_admin." in done.stderr


def knows(accounts: Accounts, email: str, password: str) -> bool:
    """Whether this password is right, and leads only to the choice of a new one."""
    person = accounts.check_password(email, password)
    return person is not None and person.is_initial and open_session(accounts, email, password) is None


def test_a_new_password_ends_the_old_one_and_tokens_if_so_asked(accounts: Accounts) -> None:
    _, token = accounts.tokens.create(EMAIL)

    done = run(accounts, "users", "passwd", EMAIL, "--generate")

    assert open_session(accounts, EMAIL, PASSWORD) is None
    assert knows(accounts, EMAIL, done.stdout.strip())
    assert "API tokens still in force: 1." in done.stderr
    assert "initial password until" in run(accounts, "users", "list").stdout
    assert accounts.principals.of_token(token)
    assert "tokens" not in run(accounts, "users", "passwd", EMAIL, "--generate", "--revoke-tokens").stderr
    assert accounts.principals.of_token(token) is None


def test_a_token_is_all_that_goes_to_stdout_and_is_listed_without_its_secret(accounts: Accounts) -> None:
    token = run(accounts, "tokens", "create", EMAIL).stdout.removesuffix("\n")
    assert token.startswith(TOKEN_PREFIX)
    assert accounts.principals.of_token(token)

    [issued] = accounts.tokens.list()
    assert run(accounts, "tokens", "revoke", str(issued.id)).exit_code == 0

    listed = run(accounts, "tokens", "list", EMAIL)
    assert accounts.principals.of_token(token) is None
    assert token not in listed.output
    assert "revoked" in listed.stdout
    assert run(accounts, "tokens", "list", NEW).stdout == "ID  EMAIL  FOR  CREATED  STATE\n"


def test_lists_are_aligned(accounts: Accounts) -> None:
    accounts.create_user("a@b.test", PASSWORD, Role.VIEWER)
    assert run(accounts, "users", "disable", "A@b.test").exit_code == 0

    header, disabled, active = run(accounts, "users", "list").stdout.splitlines()

    assert header.split() == ["EMAIL", "ROLE", "CREATED", "STATE"]
    assert {line.index(word) for line, word in ((header, "STATE"), (disabled, "disabled"), (active, "active"))} == {
        header.index("STATE")
    }
    assert disabled.split()[1] == "viewer"
    assert active.split()[1] == "super_admin"


@pytest.mark.parametrize(
    ("command", "stdin", "says"),
    [
        (f"users create {EMAIL} --role viewer --password-stdin", PASSWORD, "already"),
        (f"users create {NEW} --role viewer --password-stdin", "short", "at least 12 characters"),
        (f"users create {NEW} --role viewer --password-stdin", "", "at least 12 characters"),
        (f"users create {NEW} --role viewer", f"{PASSWORD}\nsomething else\n", "do not match"),
        (f"users create {NEW} --role viewer --password-stdin --generate", PASSWORD, "one of"),
        (f"users create {NEW} --role root --generate", None, "super_admin"),
        (f"users create {NEW} --generate", None, "--role"),
        ("users create no-address --role viewer --generate", None, "no e-mail address"),
        (f"users passwd {NEW} --generate", None, f"no user {NEW}"),
        (f"users disable {NEW}", None, f"no user {NEW}"),
        (f"tokens create {NEW}", None, f"no user {NEW}"),
        ("tokens revoke 999", None, "no token 999"),
        ("tokens revoke x", None, "integer"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line_and_fails(
    accounts: Accounts, command: str, stdin: str | None, says: str
) -> None:
    done = run(accounts, *command.split(), stdin=stdin)

    assert done.exit_code != 0
    assert says in done.stderr
    assert not isinstance(done.exception, Exception)
    assert [user.email for user in accounts.list_users()] == [EMAIL]


def test_a_database_that_does_not_answer_is_said_in_a_line() -> None:
    accounts = Accounts(make_engine(f"postgresql+psycopg://monitor:topsecret@127.0.0.1:{free_port()}/monitor"))

    done = run(accounts, "users", "list")

    assert done.exit_code == 1
    assert done.stderr.startswith("Error: The database does not answer")
    assert "topsecret" not in done.output


def test_the_last_super_admin_cannot_be_disabled_and_a_disabled_user_can_come_back(accounts: Accounts) -> None:
    refused = run(accounts, "users", "disable", EMAIL)
    accounts.create_user(NEW, PASSWORD, Role.SUPER_ADMIN)
    disabled = run(accounts, "users", "disable", EMAIL)
    shut_out = open_session(accounts, EMAIL, PASSWORD)
    enabled = run(accounts, "users", "enable", EMAIL)

    assert (refused.exit_code, disabled.exit_code, enabled.exit_code) == (1, 0, 0)
    assert "is the last super_admin" in refused.output
    assert shut_out is None
    assert open_session(accounts, EMAIL, PASSWORD)


def test_another_role_ends_the_sessions_and_the_last_super_admin_stays_one(accounts: Accounts) -> None:
    accounts.create_user(NEW, PASSWORD, Role.SUPER_ADMIN)
    session = open_session(accounts, NEW, PASSWORD) or ""

    assert run(accounts, "users", "role", NEW, "viewer").exit_code == 0

    assert accounts.principals.of_session(session) is None
    refused = run(accounts, "users", "role", EMAIL, "viewer")
    assert (refused.exit_code, "last super_admin" in refused.stderr) == (1, True)


def test_sessions_are_listed_without_what_opens_them_and_end_one_by_one_or_all(accounts: Accounts) -> None:
    tokens = [open_session(accounts, EMAIL, PASSWORD) or "" for _ in range(3)]

    shown = run(accounts, "sessions", "list", EMAIL.upper()).stdout.splitlines()

    assert len(shown) == 4
    assert shown[1].split()[1:4] == [EMAIL, "password", "192.0.2.1"]
    assert not [token for token in tokens if token in "".join(shown)]
    assert run(accounts, "sessions", "revoke", shown[1].split()[0]).exit_code == 0
    assert sum(accounts.principals.of_session(token) is not None for token in tokens) == 2
    assert "Ended 2 sessions" in run(accounts, "sessions", "revoke", "--user", EMAIL).stderr
    assert [accounts.principals.of_session(token) for token in tokens] == [None] * 3
    assert run(accounts, "sessions", "revoke", "0" * 12).exit_code == 1
    assert run(accounts, "sessions", "revoke", "%").exit_code == 1
    assert run(accounts, "sessions", "revoke").exit_code == 2


def test_what_the_operator_does_is_in_the_audit(accounts: Accounts) -> None:
    run(accounts, "users", "create", NEW, "--role", "viewer", "--generate")
    run(accounts, "users", "disable", NEW)
    token = run(accounts, "tokens", "create", EMAIL).stdout.strip()

    shown = run(accounts, "audit", "list").stdout

    assert [line.split()[3:5] for line in shown.splitlines()[1:]] == [
        ["token_created", EMAIL],
        ["user_disabled", NEW],
        ["user_created", NEW],
    ]
    assert token not in shown
