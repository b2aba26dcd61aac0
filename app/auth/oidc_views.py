"""A login at an OpenID provider, in the browser: `/login/oidc` leads there, `/login/oidc/callback` comes back."""

import logging

from flask import Blueprint, make_response, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from app.accounts.encryption import Cipher, Undecryptable
from app.accounts.identities import Identities
from app.accounts.passwords import Busy
from app.accounts.sessions import Person
from app.auth.context import auth_context, note, set_cookie
from app.auth.http_json import RemoteUnavailable
from app.auth.jwt import BadToken
from app.auth.login import open_session, render_login
from app.auth.oidc import OidcProvider
from app.auth.origin import local_path
from app.auth.throttle import LoginThrottle

DEPARTURE_S = 600
"""How long somebody may take at the provider."""

logger = logging.getLogger(__name__)


def make_blueprint(provider: OidcProvider, identities: Identities, secret_key: str) -> Blueprint:
    """The way there and back."""
    blueprint = Blueprint("oidc", __name__)
    throttle = LoginThrottle()
    departures = Cipher(secret_key, "oidc departure")

    @blueprint.get("/login/oidc")
    def depart() -> ResponseReturnValue:
        """To the provider, with what the way back must match in a cookie."""
        try:
            departure = provider.depart()
        except RemoteUnavailable as exc:
            return _explain_absence(exc)
        response = redirect(departure.url, 303)
        noted = [departure.state, departure.nonce, departure.verifier, local_path(request.args.get("next"))]
        set_cookie(response, auth_context().step_cookie_name, departures.encrypt(noted), max_age=DEPARTURE_S)
        return response

    @blueprint.get("/login/oidc/callback")
    def arrive() -> ResponseReturnValue:
        """A session for who the provider says is a super_admin. 401, 403 or 503 otherwise, with the login."""
        try:
            with throttle.attempt(request.remote_addr or "", None) as attempt:  # It names no account yet.
                if attempt.wait_s is not None:
                    return render_login("throttled"), 429, {"Retry-After": str(attempt.wait_s)}
                try:
                    person, target = _find()
                except (BadToken, Undecryptable) as exc:
                    logger.warning("a login by the provider was refused: %s", exc)
                    attempt.fail()
                    note("login_failed", "", "oidc")
                    return _forget((render_login("sign_on"), 401))
        except Busy:
            return render_login("busy"), 503, {"Retry-After": "3"}
        except RemoteUnavailable as exc:
            return _explain_absence(exc)
        if person is None:
            note("login_failed", "", "oidc: no role")
            return _forget((render_login("no_role"), 403))
        return _forget(open_session(person, "oidc", redirect(target, 303)))

    def _find() -> tuple[Person | None, str]:
        cookie = request.cookies.get(auth_context().step_cookie_name, "")
        state, nonce, verifier, target = departures.decrypt(cookie, max_age_s=DEPARTURE_S)
        return identities.admit(provider.arrive(state, nonce, verifier, request.args)), local_path(target)

    return blueprint


def _explain_absence(error: RemoteUnavailable) -> ResponseReturnValue:
    logger.warning("the provider cannot be asked: %s", error)
    return render_login("provider"), 503, {"Retry-After": "3"}


def _forget(answer: ResponseReturnValue) -> Response:
    """What was noted at the departure serves once."""
    response = make_response(answer)
    set_cookie(response, auth_context().step_cookie_name, "", max_age=0)
    return response
