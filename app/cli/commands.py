"""Which commands `flask --app app` has. No account exists without them."""

from flask import Flask

from app.cli.access import audit, sessions
from app.cli.hosts import hosts, migrate
from app.cli.tokens import tokens
from app.cli.users import users


def init_app(app: Flask) -> None:
    """Add the commands to an app that has accounts, audit and store."""
    for command in (users, tokens, sessions, audit, hosts, migrate):
        app.cli.add_command(command)
