"""The operator's commands about API tokens: `flask --app app tokens …`."""

import click

from app.accounts.tokens import TokenScope
from app.cli.output import CommandGroup, accounts_of_app, note, print_table, state
from app.web.times import utc_text

tokens = CommandGroup("tokens", help="API tokens, for `Authorization: Bearer TOKEN`.")


@tokens.command("create")
@click.argument("email")
@click.option(
    "--for",
    "scope",
    type=click.Choice([scope.value for scope in TokenScope]),
    default=TokenScope.READ.value,
    show_default=True,
    help="read: reading what the user may see. logs: sending log lines, and nothing else.",
)
def create_token(email: str, scope: str) -> None:
    """Create a token. It is shown only once."""
    token_id, token = accounts_of_app().tokens.create(email, TokenScope(scope))
    note("token_created", who=email, detail=f"token {token_id} for {scope}")
    click.echo(f"Token {token_id} of {email} for {scope}; it cannot be shown again:", err=True)
    click.echo(token)


@tokens.command("revoke")
@click.argument("token_id", metavar="ID", type=int)
def revoke_token(token_id: int) -> None:
    """Revoke a token."""
    accounts_of_app().tokens.revoke(token_id)
    note("token_revoked", detail=f"token {token_id}")
    click.echo(f"Revoked token {token_id}.", err=True)


@tokens.command("list")
@click.argument("email", required=False)
def list_tokens(email: str | None) -> None:
    """Show every token ever created, or those of one user."""
    issued = accounts_of_app().tokens.list(email)
    rows = [
        (str(token.id), token.email, token.scope, utc_text(token.created_at), state("revoked", token.revoked_at))
        for token in issued
    ]
    print_table(("ID", "EMAIL", "FOR", "CREATED", "STATE"), rows)
