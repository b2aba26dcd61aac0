"""What the commands share: the app's accounts and audit, and how they print.

What a script reads (a token, a generated password) goes to stdout, messages to people go to stderr.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup

from app.accounts.accounts import Accounts
from app.accounts.audit import Audit
from app.accounts.email import canonical
from app.web.times import utc_text
from store.errors import MonitorError


class CommandGroup(AppGroup):
    """Turns this project's errors into one line and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except MonitorError as exc:
            raise click.ClickException(str(exc)) from exc


def accounts_of_app() -> Accounts:
    """The app's accounts."""
    accounts: Accounts = current_app.extensions["accounts"]
    return accounts


def audit_of_app() -> Audit:
    """The app's audit."""
    audit: Audit = current_app.extensions["audit"]
    return audit


def note(kind: str, *, who: str = "", detail: str = "") -> None:
    """Write to the audit what the operator has just done."""
    audit_of_app().note(kind, who=canonical(who), detail=detail)
    audit_of_app().write()


def state(ended: str, at: float | None) -> str:
    """`active`, or what ended it and when: `revoked 2027-01-31 …`. `at`: epoch s, None while active."""
    return "active" if at is None else f"{ended} {utc_text(at)}"


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table whose columns are as wide as their widest cell."""
    table = [header, *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
