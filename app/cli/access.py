"""The operator's commands about logins and the audit: `flask --app app sessions …` and `flask --app app audit …`."""

import click

from app.accounts.audit import PAGE_ROWS
from app.cli.output import CommandGroup, accounts_of_app, audit_of_app, note, print_table
from app.web.times import utc_text

sessions = CommandGroup("sessions", help="Sessions in force.")
audit = CommandGroup("audit", help="Logins, refusals, streams and changes of access.")


@sessions.command("list")
@click.argument("email", required=False)
def list_sessions(email: str | None) -> None:
    """Show the sessions in force, of every user or of one."""
    rows = [
        (row.id, row.email, row.how, row.address, row.browser or "—", utc_text(row.created_at), utc_text(row.seen_at))
        for row in accounts_of_app().sessions.list(email)
    ]
    print_table(("ID", "EMAIL", "BY", "FROM", "BROWSER", "SINCE", "LAST SEEN"), rows)


@sessions.command("revoke")
@click.argument("session_id", metavar="ID", required=False)
@click.option("--user", "email", help="End every session of this user instead.")
def revoke_sessions(session_id: str | None, email: str | None) -> None:
    """End a session, or all of a user's, and the pages that it has open."""
    if (session_id is None) == (email is None):
        raise click.UsageError("Give the ID of a session, or --user EMAIL.")
    if email is not None:
        ended = accounts_of_app().sessions.revoke_all(email)
        note("session_revoked", who=email, detail=f"{ended} sessions")
        click.echo(f"Ended {ended} sessions of {email}.", err=True)
        return
    if not accounts_of_app().sessions.revoke(str(session_id)):
        raise click.ClickException(f"There is no session {session_id}, or it has ended. `sessions list` shows them.")
    note("session_revoked", detail=str(session_id))
    click.echo(f"Ended session {session_id}.", err=True)


@audit.command("list")
@click.option("--limit", type=click.IntRange(1, 10_000), default=PAGE_ROWS, show_default=True, help="How many events.")
def list_events(limit: int) -> None:
    """Show the newest events, newest first."""
    rows = [
        (utc_text(row.at), row.kind, row.who, row.address, row.detail, f"×{row.count}" if row.count > 1 else "")
        for row in audit_of_app().read(limit=limit)
    ]
    print_table(("WHEN", "WHAT", "WHO", "FROM", "MORE", ""), rows)
