"""`/api/me`: who is signed in, and that somebody is at the page."""

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue

from app.accounts.accounts import Accounts
from app.auth.guard import current_principal, require_role


def make_blueprint(accounts: Accounts) -> Blueprint:
    """The endpoints."""
    blueprint = Blueprint("me", __name__, url_prefix="/api/me")

    @blueprint.get("")
    @require_role("super_admin")
    def me() -> Response:
        """Whether the page's session still holds."""
        principal = current_principal()
        return jsonify(email=principal.email, role=principal.role)

    @blueprint.post("/seen")
    @require_role("super_admin")
    def see() -> ResponseReturnValue:
        """Note that the user of the page has just done something, which keeps the session from ending as idle."""
        accounts.sessions.see(current_principal().credential)
        return "", 204

    return blueprint
