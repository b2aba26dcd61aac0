"""Login by an OpenID provider: `/login/oidc` leads there, the provider leads back to `/login/oidc/callback`."""

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

AUTHORIZATION_S = 600
"""How long a user may take at the provider (s)."""

logger = logging.getLogger(__name__)


def make_blueprint(provider: OidcProvider, identities: Identities, secret_key: str) -> Blueprint:
    """Both endpoints."""
    blueprint = Blueprint("oidc", __name__)
    throttle = LoginThrottle()
    requests = Cipher(secret_key, "oidc departure")

    @blueprint.get("/login/oidc")
    def start() -> ResponseReturnValue:
        """Lead to the provider. A cookie keeps, encrypted, what its answer must match."""
        try:
            authorization = provider.start_login()
        except RemoteUnavailable as exc:
            return _explain_absence(exc)
        response = redirect(authorization.url, 303)
        kept = [authorization.state, authorization.nonce, authorization.verifier, local_path(request.args.get("next"))]
        set_cookie(response, auth_context().step_cookie_name, requests.encrypt(kept), max_age=AUTHORIZATION_S)
        return response

    @blueprint.get("/login/oidc/callback")
    def finish() -> ResponseReturnValue:
        """Open a session for a user whom the provider calls a super_admin; else the login form with 401, 403 or 503."""
        try:
            with throttle.attempt(request.remote_addr or "", None) as attempt:  # No account is named yet.
                if attempt.wait_s is not None:
                    return render_login("throttled", attempt.wait_s), 429, {"Retry-After": str(attempt.wait_s)}
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
        state, nonce, verifier, target = requests.decrypt(cookie, max_age_s=AUTHORIZATION_S)
        return identities.find_or_create(provider.finish_login(state, nonce, verifier, request.args)), local_path(
            target
        )

    return blueprint


def _explain_absence(error: RemoteUnavailable) -> ResponseReturnValue:
    logger.warning("the provider does not answer: %s", error)
    return render_login("provider"), 503, {"Retry-After": "3"}


def _forget(answer: ResponseReturnValue) -> Response:
    """`answer`, without the cookie: it serves once."""
    response = make_response(answer)
    set_cookie(response, auth_context().step_cookie_name, "", max_age=0)
    return response
