"""`POST /login/token`: exchanges a token of ZapVoice's own backend for a session, once.

The token comes in the body, never in a URL. A page of the configured site may send it by a form. No script of another
site can, since no answer of ours allows it (CORS).
"""

import hashlib
import logging
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, make_response, request
from flask.typing import ResponseReturnValue

from app.accounts.identities import Assertion, Identities
from app.accounts.passwords import Busy
from app.accounts.principals import Role
from app.accounts.sessions import Person
from app.auth.context import note
from app.auth.guard import allow_cross_site
from app.auth.http_json import RemoteUnavailable
from app.auth.jwt import LEEWAY_S, BadToken, Verifier, grants
from app.auth.login import open_session, render_login
from app.auth.throttle import LoginThrottle
from app.web.errors import error_response

ID_TOKEN_CLAIMS = frozenset({"nonce", "at_hash", "c_hash", "events"})
"""Claims of tokens that were made for a login elsewhere or for a logout, and never of one for us."""

_CURLS_TYPE = "application/x-www-form-urlencoded"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """Which tokens are accepted."""

    issuer: str
    verifier: Verifier
    role_claim: str
    origin: str | None
    """The site, besides our own, whose pages may send one."""


def make_blueprint(exchange: Exchange, identities: Identities) -> Blueprint:
    """The endpoint."""
    blueprint = Blueprint("token_exchange", __name__)
    throttle = LoginThrottle()

    @blueprint.post("/login/token", endpoint="exchange")
    @allow_cross_site  # `_is_welcome` says which site.
    def exchange_token() -> ResponseReturnValue:
        """Open a session: 204 for JSON, on to `next` for a form. 401 for a refused token, whatever its fault."""
        if not _is_welcome(request.headers.get("Origin"), exchange.origin):
            return error_response(403, "forbidden", "Pages of that site may not sign anybody in here.")
        try:
            with throttle.attempt(request.remote_addr or "", None) as attempt:  # A token names no account to guess at.
                if attempt.wait_s is not None:
                    return _refuse("throttled", 429, attempt.wait_s)
                try:
                    person = _find(_token())
                except BadToken as exc:
                    logger.warning("a token was refused: %s", exc)
                    attempt.fail()
                    note("login_failed", "", "jwt")
                    return _refuse("refused", 401)
        except (RemoteUnavailable, Busy) as exc:
            logger.warning("a token could not be checked: %s", exc)
            return _refuse("unavailable", 503, 3)
        return open_session(person, "jwt", None if _is_form() else make_response("", 204))

    def _find(token: str) -> Person:
        claims = exchange.verifier.verify(token)
        if not identities.spend(_name(exchange.issuer, claims, token), claims["exp"] + LEEWAY_S):
            raise BadToken("the token was used before")
        is_super_admin = grants(claims.get(exchange.role_claim), Role.SUPER_ADMIN, in_list=False)
        person = identities.find_or_create(
            Assertion(issuer=exchange.issuer, subject=claims["sub"], email=None, is_super_admin=is_super_admin)
        )
        if person is None:
            raise BadToken("the subject lacks the role, or is disabled here")
        return person

    return blueprint


def _token() -> str:
    if _is_form():
        return request.form.get("token", "")
    try:
        body: Any = request.get_json(force=not request.is_json and _is_plain_curl(), silent=True)
    except RecursionError:  # Endless nesting. `silent` covers ValueError alone.
        return ""
    token = body.get("token") if isinstance(body, dict) else None
    return token if isinstance(token, str) else ""


def _is_form() -> bool:
    return request.mimetype in (_CURLS_TYPE, "multipart/form-data") and not _is_plain_curl()


def _is_plain_curl() -> bool:
    """Whether this is JSON under the content type that `curl -d` gives to everything.

    No page can send it so: a browser names the origin of every form.
    """
    is_of_a_page = "Origin" in request.headers or "Sec-Fetch-Site" in request.headers
    return not is_of_a_page and request.mimetype == _CURLS_TYPE and request.get_data().lstrip().startswith(b"{")


def _is_welcome(origin: str | None, other: str | None) -> bool:
    """Whether a page of that origin may send a token. A request without an origin comes from no page."""
    return origin is None or origin == other or urlsplit(origin).netloc == request.host


def _refuse(code: str, status: int, retry_s: int | None = None) -> ResponseReturnValue:
    """One answer for every fault of a token: JSON to a program, the login form to a person."""
    headers = {} if retry_s is None else {"Retry-After": str(retry_s)}
    if _is_form():
        return render_login("unavailable" if status == 503 else code), status, headers
    sentence = "This token opens nothing here." if status == 401 else None
    response = error_response(status, f"token_{code}", sentence)
    response.headers.update(headers)
    return response


def _name(issuer: str, claims: dict[str, Any], token: str) -> str:
    """A name that is the same whenever this token is sent: its `jti`, else a digest of everything that is signed."""
    if isinstance(claims.get("jti"), str) and claims["jti"]:
        return f"{issuer}\n{claims['jti']}"
    return hashlib.sha256(token.rpartition(".")[0].encode()).hexdigest()
