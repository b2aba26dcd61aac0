"""A user's own account.

`/account`: change the password, see and end sessions, revoke API tokens. `/api/me`: what the pages ask and tell about
the session they run in.
"""

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.accounts.passwords import MIN_LENGTH
from app.accounts.sessions import OpenSession, Person
from app.accounts.tokens import IssuedToken, TokenError
from app.auth.context import auth_context, note
from app.auth.guard import current_principal, require_role
from app.auth.initial_password import set_new_password
from app.auth.login import open_session
from app.auth.login_steps import LoginSteps
from app.auth.reauthentication import Refusal, confirm_password, is_fresh, session_user
from app.pages.catalogue import say
from app.pages.shell import signed_in_user
from app.web.errors import error_response

DONE = ("password", "session", "sessions", "token")
"""What the page may report as done after a redirect."""


def make_blueprint(steps: LoginSteps) -> Blueprint:
    """The page, its forms, and `/api/me`."""
    blueprint = Blueprint("account", __name__)

    @blueprint.get("/account")
    @require_role("super_admin", page=True)
    def show() -> ResponseReturnValue:
        """The user's own account. Not for tokens: only a person may change an account."""
        person = session_user(steps.identities)
        return error_response(403, "forbidden", "An account is for people.") if person is None else _page(person)

    @blueprint.post("/account/password")
    @require_role("super_admin", page=True)
    def change_password() -> ResponseReturnValue:
        """Set a new password; the form asks for the current one.

        All sessions end, and the tokens as well if the user asks for it; this browser gets a new session.
        """
        person = session_user(steps.identities)
        if person is None or _is_foreign(person):
            return redirect(url_for("account.show"), 303)
        shown = confirm_password(person, "current")
        if not isinstance(shown, Refusal):
            shown = set_new_password(shown, ends_tokens=request.form.get("tokens") == "revoke")
        if isinstance(shown, Refusal):
            return _page(person, change_error=shown.error), shown.status, shown.headers
        return open_session(shown, "password", redirect(url_for("account.show", done="password"), 303))

    @blueprint.post("/account/sessions")
    @require_role("super_admin", page=True)
    def end_sessions() -> ResponseReturnValue:
        """End one of the user's sessions, or all others, after reauthentication."""
        person, principal = session_user(steps.identities), current_principal()
        if person is None:
            return redirect(url_for("account.show"), 303)
        shown = _confirm(person)
        if isinstance(shown, Refusal):
            return _page(person, sessions_error=shown.error), shown.status, shown.headers
        sessions, which = auth_context().accounts.sessions, request.form.get("end", "")
        if which == "others":
            sessions.revoke_others(person.user_id, principal.credential)
            note("session_revoked", person.email, "others")
        elif sessions.revoke(which, of_user=person.user_id):  # It may have expired meanwhile.
            note("session_revoked", person.email, which)
        return redirect(url_for("account.show", done="sessions" if which == "others" else "session"), 303)

    @blueprint.post("/account/tokens")
    @require_role("super_admin", page=True)
    def revoke_token() -> ResponseReturnValue:
        """Revoke one of the user's API tokens. That only takes rights away, so it needs no reauthentication."""
        person, text = session_user(steps.identities), request.form.get("revoke", "")
        if person is None or not (text.isascii() and text.isdecimal() and len(text) < 10):
            return redirect(url_for("account.show"), 303)
        try:
            auth_context().accounts.tokens.revoke(int(text), of_user=person.user_id)
        except TokenError:
            return redirect(url_for("account.show"), 303)
        note("token_revoked", person.email, f"token {text}")
        return redirect(url_for("account.show", done="token"), 303)

    @blueprint.get("/api/me")
    @require_role("super_admin")
    def me() -> Response:
        """Who is signed in; the page asks whether its session still holds."""
        principal = current_principal()
        return jsonify(email=principal.email, role=principal.role)

    @blueprint.post("/api/me/seen")
    @require_role("super_admin")
    def see() -> ResponseReturnValue:
        """Note that the user has just done something on the page, which keeps the session from ending as idle."""
        auth_context().accounts.sessions.see(current_principal().credential)
        return "", 204

    def _confirm(person: Person) -> Person | Refusal:
        if not _is_foreign(person):
            return confirm_password(person)
        return person if is_fresh(_sessions(person)[0]) else Refusal("stale", 401)

    def _is_foreign(person: Person) -> bool:
        return not (auth_context().methods.password and steps.identities.has_password(person))

    def _page(person: Person, **errors: str) -> str:
        context, done = auth_context(), request.args.get("done")
        mine, others = _sessions(person)
        return render_template(
            "account.html",
            user=signed_in_user(),
            email=person.email,
            is_foreign=_is_foreign(person),
            is_fresh=is_fresh(mine),
            is_enrolled=steps.factors.is_enrolled(person.user_id),
            mine=mine,
            others=others,
            tokens=_tokens(person),
            methods=context.methods,
            done=done if done in DONE and not errors else None,
            shortest=MIN_LENGTH,
            say=say,
            **errors,
        )

    return blueprint


def _sessions(person: Person) -> tuple[OpenSession | None, list[OpenSession]]:
    """This request's session, and the user's others, newest login first."""
    own_id = current_principal().credential.partition(":")[2]
    sessions = auth_context().accounts.sessions.list(person.email)
    others = [each for each in sessions if not own_id.startswith(each.id)]
    return next((each for each in sessions if own_id.startswith(each.id)), None), others


def _tokens(person: Person) -> list[IssuedToken]:
    """The user's tokens in force."""
    return [token for token in auth_context().accounts.tokens.list(person.email) if token.revoked_at is None]
