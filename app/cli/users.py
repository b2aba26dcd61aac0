"""The operator's commands about users and their second factors: `flask --app app users …`."""

import sys
from typing import Any

import click
from flask import current_app

from app.accounts.accounts import INITIAL_S, Account
from app.accounts.email import canonical
from app.accounts.passwords import make_password
from app.accounts.principals import Role
from app.accounts.second_factors import SecondFactors
from app.cli.output import CommandGroup, accounts_of_app, note, print_table, state
from app.web.times import utc_text

FIRST_LOGIN = f"The first login, within {INITIAL_S // 86_400} days, asks the user for a new password."

users = CommandGroup("users", help="Users and their passwords.")
totp = CommandGroup("totp", help="Second factors: codes of an authenticator app.")
users.add_command(totp)


def _password_options(command: Any) -> Any:
    command = click.option("--password-stdin", is_flag=True, help="Read the password, one line, from stdin.")(command)
    return click.option("--generate", is_flag=True, help="Generate a password and print it.")(command)


@users.command("create")
@click.argument("email")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True, help="What the user may do.")
@_password_options
def create_user(email: str, role: str, password_stdin: bool, generate: bool) -> None:
    """Add a user. Asks for a password unless an option gives one; the user replaces it at the first login."""
    password = _new_password(password_stdin, generate)
    accounts_of_app().create_user(email, password, Role(role), is_initial=True)
    note("user_created", who=email, detail=role)
    click.echo(f"Created {email} as {role}. {FIRST_LOGIN}", err=True)
    _show_made(password, generate)


@users.command("passwd")
@click.argument("email")
@_password_options
@click.option("--revoke-tokens", is_flag=True, help="Revoke the user's API tokens, too.")
def set_password(email: str, password_stdin: bool, generate: bool, revoke_tokens: bool) -> None:
    """Set a user's password and end their sessions. The user replaces it at the next login."""
    password = _new_password(password_stdin, generate)
    accounts_of_app().set_password(email, password, is_initial=True, ends_tokens=revoke_tokens)
    note("password_reset", who=email, detail="with_tokens" if revoke_tokens else "")
    click.echo(f"Changed the password of {email}; every session has ended. {FIRST_LOGIN}", err=True)
    left = sum(token.revoked_at is None for token in accounts_of_app().tokens.list(email))
    if left:
        click.echo(f"API tokens still in force: {left}. --revoke-tokens revokes them, too.", err=True)
    _show_made(password, generate)


@users.command("enable")
@click.argument("email")
def enable_user(email: str) -> None:
    """Let a disabled user in again."""
    accounts_of_app().enable_user(email)
    note("user_enabled", who=email)
    click.echo(f"{email} may log in again with the old password. Their tokens stay revoked.", err=True)


@users.command("disable")
@click.argument("email")
def disable_user(email: str) -> None:
    """Disable a user, end their sessions and revoke their tokens."""
    _keep_a_super_admin(email)
    accounts_of_app().disable_user(email)
    note("user_disabled", who=email)
    click.echo(f"Disabled {email}; every session has ended and every token is revoked.", err=True)


@users.command("role")
@click.argument("email")
@click.argument("role", type=click.Choice([role.value for role in Role]))
def set_role(email: str, role: str) -> None:
    """Change a user's role and end their sessions."""
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


def _keep_a_super_admin(email: str) -> None:
    """Raises: ClickException when this user is the last one."""
    everybody = accounts_of_app().list_users()
    admins = {user.email for user in everybody if user.role is Role.SUPER_ADMIN and not user.disabled_at}
    if admins == {canonical(email)}:
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
        click.echo("The password, which cannot be shown again:", err=True)
        click.echo(password)


def _user_state(user: Account) -> str:
    if user.disabled_at is None and user.initial_until is not None:
        return f"initial password until {utc_text(user.initial_until)}"
    return state("disabled", user.disabled_at)


@totp.command("list")
def list_second_factors() -> None:
    """Show the users with a second factor."""
    rows = [(each.email, utc_text(each.created_at), str(each.recovery_codes_left)) for each in _factors().list()]
    print_table(("EMAIL", "SINCE", "RECOVERY CODES LEFT"), rows)


@totp.command("reset")
@click.argument("email")
def reset_second_factor(email: str) -> None:
    """Remove a user's second factor and end their sessions. For users who have lost app and recovery codes."""
    if not _factors().remove_of(email):
        raise click.ClickException(f"There is no user {email} with a second factor. `users totp list` shows them.")
    note("second_factor_reset", who=email)
    click.echo(f"Removed the second factor of {email}; every session has ended.", err=True)


def _factors() -> SecondFactors:
    factors: SecondFactors = current_app.extensions["second_factors"]
    return factors
