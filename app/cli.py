"""The operator's commands: `flask --app app users …` and `flask --app app tokens …`. No account exists without them.

What a script wants (a token, a made password) goes to stdout alone, what a person wants to know to stderr.
"""

import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext

from app.accounts import INITIAL_S, Account, Accounts, Role
from app.audit import Audit
from app.instants import utc_text
from app.passwords import make_password
from app.tokens import Scope
from collector.store.errors import MonitorError
from collector.store.live import LiveStore

FIRST_LOGIN = f"The first login, within {INITIAL_S // 86_400} days, asks for a password of their own."


class CommandGroup(AppGroup):
    """Turns what this project raises into one line and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except MonitorError as exc:
            raise click.ClickException(str(exc)) from exc


users = CommandGroup("users", help="Who may log in.")
hosts = CommandGroup("hosts", help="The hosts that are watched.")
tokens = CommandGroup("tokens", help="API tokens, for `Authorization: Bearer TOKEN`.")


def init_app(app: Flask) -> None:
    """Add the commands to an app that has `auth`."""
    for command in (users, tokens, hosts, migrate):
        app.cli.add_command(command)


@hosts.command("list")
def list_hosts() -> None:
    """Show the hosts that have written within seven days, with the age of their newest sample."""
    rows = [(host.host, f"{host.age_s:.0f} s ago") for host in _store().hosts()]
    print_table(("HOST", "LAST SAMPLE"), rows)


@hosts.command("forget")
@click.argument("host")
def forget_host(host: str) -> None:
    """Take a host off the page. It returns with its next sample."""
    if not _store().forget_host(host):
        raise click.ClickException(f"There is no host {host}. `hosts list` shows them.")
    click.echo(f"Forgot {host}.", err=True)


@click.command("migrate")
@with_appcontext
def migrate() -> None:
    """Bring the database's schema up to date. Safe to run at every start, by several processes at once."""
    try:
        accounts_of_app().migrate()
    except MonitorError as exc:
        raise click.ClickException(str(exc)) from exc
    click.echo("The schema is up to date.", err=True)


def _password_options(command: Any) -> Any:
    command = click.option("--password-stdin", is_flag=True, help="Read the password's line from stdin.")(command)
    return click.option("--generate", is_flag=True, help="Make a password and print it.")(command)


@users.command("create")
@click.argument("email")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True, help="What the user may do.")
@_password_options
def create_user(email: str, role: str, password_stdin: bool, generate: bool) -> None:
    """Add a user. Asks for the password, unless an option says otherwise; its user replaces it at the first login."""
    password = _new_password(password_stdin, generate)
    accounts_of_app().create_user(email, password, Role(role), is_initial=True)
    note("user_created", who=email, detail=role)
    click.echo(f"Created {email} as {role}. {FIRST_LOGIN}", err=True)
    _show_made(password, generate)


@users.command("passwd")
@click.argument("email")
@_password_options
@click.option("--revoke-tokens", is_flag=True, help="End every API token of theirs, too.")
def set_password(email: str, password_stdin: bool, generate: bool, revoke_tokens: bool) -> None:
    """Set a user's password, which they replace at the next login, and end every session of theirs."""
    password = _new_password(password_stdin, generate)
    accounts_of_app().set_password(email, password, is_initial=True, ends_tokens=revoke_tokens)
    note("password_reset", who=email, detail="with_tokens" if revoke_tokens else "")
    click.echo(f"Changed the password of {email}; every session has ended. {FIRST_LOGIN}", err=True)
    left = sum(token.revoked_at is None for token in accounts_of_app().tokens.list(email))
    if left:
        click.echo(f"API tokens still in force: {left}. --revoke-tokens ends them, too.", err=True)
    _show_made(password, generate)


@users.command("enable")
@click.argument("email")
def enable_user(email: str) -> None:
    """Let a disabled user in again."""
    accounts_of_app().enable_user(email)
    note("user_enabled", who=email)
    click.echo(f"{email} may log in again, by the old password. Its tokens stay revoked.", err=True)


@users.command("disable")
@click.argument("email")
def disable_user(email: str) -> None:
    """Shut a user out and end every session and token of theirs."""
    _keep_a_super_admin(email)
    accounts_of_app().disable_user(email)
    note("user_disabled", who=email)
    click.echo(f"Disabled {email}; every session and token has ended.", err=True)


@users.command("role")
@click.argument("email")
@click.argument("role", type=click.Choice([role.value for role in Role]))
def set_role(email: str, role: str) -> None:
    """Change what a user may do and end every session of theirs."""
    if role != Role.SUPER_ADMIN:
        _keep_a_super_admin(email)
    accounts_of_app().set_role(email, Role(role))
    note("role_changed", who=email, detail=role)
    click.echo(f"{email} is {role} now; every session has ended.", err=True)


@users.command("list")
def list_users() -> None:
    """Show every user."""
    accounts = accounts_of_app().list_users()
    rows = [(user.email, user.role, utc_text(user.created_at), _user_state(user)) for user in accounts]
    print_table(("EMAIL", "ROLE", "CREATED", "STATE"), rows)


@tokens.command("create")
@click.argument("email")
@click.option(
    "--for",
    "scope",
    type=click.Choice([scope.value for scope in Scope]),
    default=Scope.READ.value,
    show_default=True,
    help="read: what the user may do. logs: sending log lines, and nothing else.",
)
def create_token(email: str, scope: str) -> None:
    """Make a token. It is shown this once."""
    token_id, token = accounts_of_app().tokens.create(email, Scope(scope))
    note("token_created", who=email, detail=f"token {token_id} for {scope}")
    click.echo(f"Token {token_id} of {email} for {scope}; it cannot be shown again:", err=True)
    click.echo(token)


@tokens.command("revoke")
@click.argument("token_id", metavar="ID", type=int)
def revoke_token(token_id: int) -> None:
    """End a token."""
    accounts_of_app().tokens.revoke(token_id)
    note("token_revoked", detail=f"token {token_id}")
    click.echo(f"Revoked token {token_id}.", err=True)


@tokens.command("list")
@click.argument("email", required=False)
def list_tokens(email: str | None) -> None:
    """Show every token ever made, or those of one user."""
    issued = accounts_of_app().tokens.list(email)
    rows = [
        (str(token.id), token.email, token.scope, utc_text(token.created_at), _state("revoked", token.revoked_at))
        for token in issued
    ]
    print_table(("ID", "EMAIL", "FOR", "CREATED", "STATE"), rows)


def _store() -> LiveStore:
    store: LiveStore = current_app.extensions["store"]
    return store


def accounts_of_app() -> Accounts:
    """The app's accounts."""
    accounts: Accounts = current_app.extensions["accounts"]
    return accounts


def audit_of_app() -> Audit:
    """The app's audit."""
    audit: Audit = current_app.extensions["audit"]
    return audit


def note(kind: str, *, who: str = "", detail: str = "") -> None:
    """Tell the audit what the operator has just done."""
    audit_of_app().note(kind, who=who.strip().lower(), detail=detail)
    audit_of_app().write()


def _keep_a_super_admin(email: str) -> None:
    """Raises: ClickException when there would be none."""
    everybody = accounts_of_app().list_users()
    admins = {user.email for user in everybody if user.role is Role.SUPER_ADMIN and not user.disabled_at}
    if admins == {email.strip().lower()}:
        raise click.ClickException(f"{email} is the last super_admin: create another one first.")


def _new_password(from_stdin: bool, generate: bool) -> str:
    if from_stdin and generate:
        raise click.UsageError("Choose one of --password-stdin and --generate.")
    if generate:
        return make_password()
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return password


def _show_made(password: str, generate: bool) -> None:
    if generate:
        click.echo("Its password, which cannot be shown again:", err=True)
        click.echo(password)


def _user_state(user: Account) -> str:
    if user.disabled_at is None and user.initial_until is not None:
        return f"initial password until {utc_text(user.initial_until)}"
    return _state("disabled", user.disabled_at)


def _state(ended: str, at: float | None) -> str:
    return "active" if at is None else f"{ended} {utc_text(at)}"


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Columns as wide as their widest cell."""
    table = [header, *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
