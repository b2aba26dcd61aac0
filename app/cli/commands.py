"""The commands of `flask --app app`."""

from flask import Flask

from app.cli.access import audit, sessions
from app.cli.hosts import hosts, migrate
from app.cli.tokens import tokens
from app.cli.users import users


def init_app(app: Flask) -> None:
    """Add the commands to an app with accounts, audit and store."""
    for command in (users, tokens, sessions, audit, hosts, migrate):
        app.cli.add_command(command)
