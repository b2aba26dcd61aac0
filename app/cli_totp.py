"""The operator's commands about second factors: `flask --app app users totp …`."""

import click
from flask import Flask, current_app

from app.cli import CommandGroup, accounts_of_app, note, print_table, users
from app.instants import utc_text
from app.second_factors import SecondFactors

totp = CommandGroup("totp", help="Second factors: codes of an authenticator app.")


def init_app(_app: Flask) -> None:
    """Add the commands to an app that has `users`."""
    users.add_command(totp)


@totp.command("list")
def list_second_factors() -> None:
    """Show who has one."""
    rows = [(each.email, utc_text(each.created_at), str(each.recovery_codes_left)) for each in _factors().list()]
    print_table(("EMAIL", "SINCE", "RECOVERY CODES LEFT"), rows)


@totp.command("reset")
@click.argument("email")
def reset_second_factor(email: str) -> None:
    """Take a user's second factor away, for who has lost app and recovery codes, and end every session of theirs."""
    if not _factors().remove_of(email):
        raise click.ClickException(f"There is no user {email} with a second factor. `users totp list` shows them.")
    accounts_of_app().sessions.revoke_all(email.strip().lower())
    note("second_factor_reset", who=email)
    click.echo(f"{email} has no second factor any more; every session has ended.", err=True)


def _factors() -> SecondFactors:
    factors: SecondFactors = current_app.extensions["second_factors"]
    return factors
