"""The door: login and logout, and `require_role`, which page, API and stream share.

A request is somebody's by `Authorization: Bearer TOKEN`, else by its session cookie. Whether it still is, is asked of
the accounts each time; when they cannot answer, the door stays shut.
"""

import functools
import logging
import secrets
from collections.abc import Callable
from typing import ParamSpec

from flask import Blueprint, Flask, current_app, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response

from app.accounts.accounts import Accounts, Principal, Role
from app.accounts.audit import Audit
from app.accounts.passwords import Busy
from app.accounts.sessions import Origin, Person
from app.accounts.tokens import Scope
from app.auth.context import EXCHANGE, Door, Ways, current_door, knock, note, set_cookie
from app.auth.csrf import MaskedCSRFProtect
from app.auth.device_cookie import LIFE_S, KnownBrowsers
from app.auth.origin import local_path
from app.auth.throttle import LoginThrottle
from app.auth.user_agent import name_browser
from app.server.scheduling import next_turn
from app.web.errors import error_response
from store.errors import StoreUnavailable

_IS_GUARDED = "is_guarded"

_READING = frozenset({"GET", "HEAD"})
"""Methods of requests that change nothing."""

logger = logging.getLogger(__name__)
blueprint = Blueprint("auth", __name__)

Arguments = ParamSpec("Arguments")


def init_app(app: Flask, accounts: Accounts, audit: Audit, *, secure_cookies: bool, ways: Ways | None = None) -> None:
    """Add the door to an app that has a secret key. secure_cookies: it is reached by HTTPS only."""
    app.extensions["audit"] = audit
    app.extensions["accounts"] = accounts
    # Without a secret nothing is served, but commands run: then nobody's browser is known.
    browsers = KnownBrowsers(str(app.secret_key or secrets.token_hex()))
    app.extensions["door"] = Door(accounts, LoginThrottle(), browsers, audit, secure_cookies, ways or Ways())
    app.config.update(
        # Flask's own cookie carries the CSRF secret of the forms and nothing else.
        SESSION_COOKIE_NAME="__Host-monitor_form" if secure_cookies else "monitor_form",
        SESSION_COOKIE_SECURE=secure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        # The token is as old as that cookie; a login form left open over night still works.
        WTF_CSRF_TIME_LIMIT=None,
        # Asked for below: a token in a header is not sent by a browser of its own accord, so it needs no second one.
        WTF_CSRF_CHECK_DEFAULT=False,
        # Deliberate: our pages are sent with `Referrer-Policy: no-referrer`, so there is no Referer to be strict about.
        WTF_CSRF_SSL_STRICT=False,
    )
    csrf = MaskedCSRFProtect(app)
    # A guarded view asks itself, once it knows who is there.
    app.before_request(lambda: csrf.protect() if _is_open_to_all() else None)
    app.register_error_handler(CSRFError, _explain_csrf)
    app.register_blueprint(blueprint)


def require_role(
    role: str, *, page: bool = False
) -> Callable[[Callable[Arguments, ResponseReturnValue]], Callable[Arguments, ResponseReturnValue]]:
    """Decorate a view that only `role` may see. An anonymous request for a page is led to the login, others get 401.

    A token sees as much as its user and changes nothing, whatever the view: what scripts hold gets about.

    Raises: ValueError, when the app is put together, if there is no such role.
    """
    wanted = Role(role)

    def refuse(principal: Principal) -> str | None:
        if principal.scope is not Scope.READ:
            return f"This token is for {principal.scope} and nothing else."
        if request.method not in _READING and _has_bearer():
            return "A token reads and changes nothing. Do this on the page, or by the command `flask --app app`."
        return None if principal.role is wanted else f"This needs the role {wanted}."

    return _guard(refuse, page=page)


def require_scope(
    scope: Scope,
) -> Callable[[Callable[Arguments, ResponseReturnValue]], Callable[Arguments, ResponseReturnValue]]:
    """Decorate a view that only tokens of this scope may use: no session, and no token that may do more."""

    def refuse(principal: Principal) -> str | None:
        if principal.scope is scope:
            return None
        return f"This needs a token for {scope}: `flask --app app tokens create EMAIL --for {scope}`."

    return _guard(refuse, page=False)


def _guard(
    refuse: Callable[[Principal], str | None], *, page: bool
) -> Callable[[Callable[Arguments, ResponseReturnValue]], Callable[Arguments, ResponseReturnValue]]:
    """Decorate a view with the door; `refuse` says why somebody who is known may not come in."""

    def decorate(view: Callable[Arguments, ResponseReturnValue]) -> Callable[Arguments, ResponseReturnValue]:
        @functools.wraps(view)
        def guarded(*arguments: Arguments.args, **options: Arguments.kwargs) -> ResponseReturnValue:
            try:
                principal = _find_principal()
            except StoreUnavailable as exc:
                return _explain_store(exc)
            if principal is None:
                return _ask_to_log_in(page)
            reason = refuse(principal)
            if reason is not None:
                note("refused", principal.email, request.path, is_user=True)
                return error_response(403, "forbidden", reason)
            if not _has_bearer():
                current_app.extensions["csrf"].protect()
            g.principal = principal
            if page:
                _see(principal)
            return view(*arguments, **options)

        vars(guarded)[_IS_GUARDED] = True
        return guarded

    return decorate


def current_principal() -> Principal:
    """Who makes the request. Only in a view that `require_role` guards."""
    principal: Principal = g.principal
    return principal


@blueprint.get("/login", endpoint="login")
def show_login() -> ResponseReturnValue:
    """The form."""
    return render_login(None)


@blueprint.post("/login")
def log_in() -> ResponseReturnValue:
    """A new session, then on to `next`. 401 for a wrong pair, 429 with Retry-After for too many failures."""
    door, email = current_door(), request.form.get("email", "")
    next_turn()  # Here and below: a flood of logins is served in pieces of a millisecond, with health in between.
    if not door.ways.password:
        return render_login("off"), 403
    target = door.accounts.targets.find(email)
    try:
        with knock(door.throttle, target) as attempt:
            if attempt.wait_s is not None:
                note("login_throttled", email, is_user=target.is_user)
                return render_login("throttled"), 429, {"Retry-After": str(attempt.wait_s)}
            person = door.accounts.check_password(email, request.form.get("password", ""), is_known=attempt.is_known)
            more = door.ways.ask_more(person, target, attempt)
            # Were the right one not counted, the count would tell which it is. At the end of the way it is taken back.
            if person is None or more is not None:
                attempt.fail()
    except Busy:
        note("login_busy", email, is_user=target.is_user)
        return render_login("busy"), 503, {"Retry-After": "3"}
    next_turn()
    if person is None:
        note("login_failed", email, is_user=target.is_user)
    elif more is not None:
        note("login_step", email, is_user=target.is_user)
    if more is not None:
        return more
    return (render_login("invalid"), 401) if person is None else let_in(person, "password")


def let_in(person: Person, how: str, response: Response | None = None) -> ResponseReturnValue:
    """A new session for who has shown who they are by `how`, then `response`, or on to `next`. The end of every way in.

    Raises: StoreUnavailable.
    """
    door = current_door()
    known = g.get("principal")
    # Whoever has only shown again who they are keeps the pages that are open in other tabs, and their forms.
    _close_session(keeps_forms=known is not None and known.user_id == person.user_id)
    browser = name_browser(request.headers.get("User-Agent", ""))
    opened = door.accounts.open_session_for(person, Origin(how, request.remote_addr or "", browser))
    if opened is None:
        return render_login("invalid"), 401
    note("login_ok", person.email, how)
    if opened.ended:
        note("session_replaced", person.email, f"{opened.ended} sessions" if opened.ended > 1 else "")
    response = response or redirect(local_path(request.form.get("next")), 303)
    set_cookie(response, door.cookie, opened.token)
    mark = door.browsers.mark(door.accounts.targets.find(person.email))
    set_cookie(response, door.browser_cookie, mark, max_age=LIFE_S)
    return response


@blueprint.post("/logout", endpoint="logout")
def log_out() -> ResponseReturnValue:
    """End the session here and in the browser."""
    door = current_door()
    _close_session()
    response = redirect(url_for("auth.login"), 303)
    response.delete_cookie(door.cookie, secure=door.secure, httponly=True, samesite="Lax", path="/")
    # Not "storage": the page keeps the chosen language and colours there, and nothing of what it showed.
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@blueprint.errorhandler(StoreUnavailable)
def _explain_store(error: StoreUnavailable) -> Response:
    logger.warning("access could not be checked: %s", error)
    message = "Your access cannot be checked now. Try again in a few seconds."
    response = error_response(503, "access_unknown", message)
    response.headers["Retry-After"] = "3"
    return response


def _explain_csrf(_error: CSRFError) -> ResponseReturnValue:
    note("csrf_failed", "", request.path)
    if request.endpoint == "auth.log_in":
        return render_login("csrf"), 400
    message = "This form is out of date, or cookies are blocked. Open the page again and retry."
    return error_response(400, "csrf_failed", message)


def _see(principal: Principal) -> None:
    """Opening a page is something its user does."""
    try:
        current_door().accounts.sessions.see(principal.credential)
    except StoreUnavailable as exc:
        logger.warning("a session could not be noted as in use: %s", exc)


def _find_principal() -> Principal | None:
    door = current_door()
    if _has_bearer():
        return door.accounts.find_token(_authorization()[1])
    token = request.cookies.get(door.cookie)
    return door.accounts.find_session(token) if token else None


def _is_open_to_all() -> bool:
    """Whether the view asked for is one of the forms that need no session, but for the exchange, which needs proof."""
    view = current_app.view_functions.get(request.endpoint or "")
    return view is not None and not hasattr(view, _IS_GUARDED) and request.endpoint != EXCHANGE


def _has_bearer() -> bool:
    return _authorization()[0] == "bearer"


def _authorization() -> tuple[str, str]:
    """Scheme, in lower case, and what follows it. Not werkzeug's: 3.1.9 raises for a `Basic` that is not ASCII."""
    scheme, _, token = request.headers.get("Authorization", "").strip().partition(" ")
    return scheme.lower(), token.strip()


def _ask_to_log_in(page: bool) -> Response:
    if page:
        asked_for = request.full_path if request.query_string else request.path
        return redirect(url_for("auth.login", next=asked_for), 303)
    response = error_response(401, "unauthorized", "Sign in, or send `Authorization: Bearer TOKEN` with a valid token.")
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _close_session(*, keeps_forms: bool = False) -> None:
    """End the session this browser holds, if any."""
    if not keeps_forms:
        session.clear()  # The next form gets a new CSRF secret.
    door = current_door()
    token = request.cookies.get(door.cookie)
    principal = door.accounts.find_session(token) if token else None
    if token and principal:  # Looked for first: anybody can send a cookie, and a write locks.
        note("logout", principal.email)
        door.accounts.sessions.close(token)


def render_login(error: str | None) -> str:
    """The form, with what went wrong."""
    email, target = request.form.get("email", ""), local_path(request.values.get("next"))
    return render_template("login.html", error=error, email=email, next=target, ways=current_door().ways)
