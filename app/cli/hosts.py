"""The operator's commands about hosts and the schema: `flask --app app hosts …` and `flask --app app migrate`."""

import click
from flask import current_app
from flask.cli import with_appcontext

from app.cli.output import CommandGroup, accounts_of_app, print_table
from store.errors import MonitorError
from store.samples.live import LiveStore

hosts = CommandGroup("hosts", help="The watched hosts.")


@hosts.command("list")
def list_hosts() -> None:
    """Show the hosts of the last seven days, with the age of their newest sample."""
    rows = [(host.host, f"{host.age_s:.0f} s ago") for host in _store().hosts()]
    print_table(("HOST", "LAST SAMPLE"), rows)


@hosts.command("forget")
@click.argument("host")
def forget_host(host: str) -> None:
    """Remove a host from the page. It returns with its next sample."""
    if not _store().forget_host(host):
        raise click.ClickException(f"There is no host {host}. `hosts list` shows them.")
    click.echo(f"Forgot {host}.", err=True)


@click.command("migrate")
@with_appcontext
def migrate() -> None:
    """Migrate the database's schema. Safe at every start, and by several processes at once."""
    try:
        accounts_of_app().migrate()
    except MonitorError as exc:
        raise click.ClickException(str(exc)) from exc
    click.echo("The schema is up to date.", err=True)


def _store() -> LiveStore:
    store: LiveStore = current_app.extensions["store"]
    return store
