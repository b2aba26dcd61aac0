"""The operator's commands about what is stored: `flask --app app hosts …` and `flask --app app migrate`."""

import click
from flask import current_app
from flask.cli import with_appcontext

from app.cli.output import CommandGroup, accounts_of_app, print_table
from store.errors import MonitorError
from store.samples.live import LiveStore

hosts = CommandGroup("hosts", help="The hosts that are watched.")


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


def _store() -> LiveStore:
    store: LiveStore = current_app.extensions["store"]
    return store
