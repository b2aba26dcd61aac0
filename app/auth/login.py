"""Login by password, the opening of a session for every login method, and logout."""

import secrets

from flask import Blueprint, Flask, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response

from app.accounts.accounts import Accounts
from app.accounts.audit import Audit
from app.accounts.passwords import Busy
from app.accounts.sessions import Origin, Person
from app.auth.context import AuthContext, LoginMethods, auth_context, note, set_cookie, throttled_attempt
from app.auth.csrf import MaskedCSRFProtect
from app.auth.device_cookie import LIFE_S, DeviceCookies
from app.auth.guard import explain_store, needs_csrf_token
from app.auth.origin import local_path
from app.auth.throttle import LoginThrottle
from app.auth.user_agent import name_browser
from app.server.scheduling import yield_to_others
from app.web.errors import error_response
from store.errors import StoreUnavailable

blueprint = Blueprint("auth", __name__)
blueprint.register_error_handler(StoreUnavailable, explain_store)


def init_app(
    app: Flask, accounts: Accounts, audit: Audit, *, secure_cookies: bool, methods: LoginMethods | None = None
) -> None:
    """Add login and logout to an app that has a secret key. secure_cookies: browsers reach it by HTTPS only."""
    app.extensions["audit"] = audit
    app.extensions["accounts"] = accounts
    app.extensions["auth"] = AuthContext(
        accounts=accounts,
        audit=audit,
        throttle=LoginThrottle(),
        # Commands run without a secret key. They serve no browser, so any key will do.
        device_cookies=DeviceCookies(str(app.secret_key or secrets.token_hex())),
        methods=methods or LoginMethods(),
        login_view="auth.login",
        secure=secure_cookies,
    )
    app.config.update(
        # Flask's own cookie carries the CSRF secret of the forms and nothing else.
        SESSION_COOKIE_NAME="__Host-monitor_form" if secure_cookies else "monitor_form",
        SESSION_COOKIE_SECURE=secure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        # The token lives as long as that cookie: a login form left open overnight still works.
        WTF_CSRF_TIME_LIMIT=None,
        # Checked below and by the guard: no browser adds an `Authorization` header by itself, so a request with a
        # token needs no CSRF token.
        WTF_CSRF_CHECK_DEFAULT=False,
        # Deliberate: our pages are sent with `Referrer-Policy: no-referrer`, so no Referer can be compared.
        WTF_CSRF_SSL_STRICT=False,
    )
    csrf = MaskedCSRFProtect(app)
    app.before_request(lambda: csrf.protect() if needs_csrf_token() else None)
    app.register_error_handler(CSRFError, _explain_csrf)
    app.register_blueprint(blueprint)


@blueprint.get("/login", endpoint="login")
def show_login() -> ResponseReturnValue:
    """The form."""
    return render_login(None)


@blueprint.post("/login")
def log_in() -> ResponseReturnValue:
    """Open a session and lead on to `next`. 401 for a wrong pair, 429 with Retry-After for too many failures."""
    context, email = auth_context(), request.form.get("email", "")
    yield_to_others()  # Here and below: a flood of logins is served in pieces of a millisecond, with health in between.
    if not context.methods.password:
        return render_login("off"), 403
    target = context.accounts.targets.find(email)
    try:
        with throttled_attempt(context.throttle, target) as attempt:
            if attempt.wait_s is not None:
                note("login_throttled", email, is_user=target.is_user)
                return render_login("throttled", attempt.wait_s), 429, {"Retry-After": str(attempt.wait_s)}
            person = context.accounts.check_password(email, request.form.get("password", ""), is_known=attempt.is_known)
            step = context.methods.next_step(person, target, attempt)
            # A right password that leads to another step counts too, else the count would tell that it is right. The
            # last step takes it back.
            if person is None or step is not None:
                attempt.fail()
    except Busy:
        note("login_busy", email, is_user=target.is_user)
        return render_login("busy"), 503, {"Retry-After": "3"}
    yield_to_others()
    if person is None:
        note("login_failed", email, is_user=target.is_user)
    elif step is not None:
        note("login_step", email, is_user=target.is_user)
    if step is not None:
        return step
    return (render_login("invalid"), 401) if person is None else open_session(person, "password")


def open_session(person: Person, how: str, response: Response | None = None) -> ResponseReturnValue:
    """Open a session and answer with `response`, else lead on to `next`. Every login ends here.

    `how`: what the user has shown, as in `Origin`. Raises: StoreUnavailable.
    """
    context = auth_context()
    known = g.get("principal")
    # A user who has only reauthenticated keeps the pages that are open in other tabs, and their forms.
    _close_session(keeps_forms=known is not None and known.user_id == person.user_id)
    browser = name_browser(request.headers.get("User-Agent", ""))
    opened = context.accounts.open_session_for(person, Origin(how, request.remote_addr or "", browser))
    if opened is None:
        return render_login("invalid"), 401
    note("login_ok", person.email, how)
    if opened.ended:
        note("session_replaced", person.email, f"{opened.ended} sessions" if opened.ended > 1 else "")
    response = response or redirect(local_path(request.form.get("next")), 303)
    set_cookie(response, context.session_cookie_name, opened.token)
    device_cookie = context.device_cookies.issue(opened.target)
    set_cookie(response, context.device_cookie_name, device_cookie, max_age=LIFE_S)
    return response


@blueprint.post("/logout", endpoint="logout")
def log_out() -> ResponseReturnValue:
    """End the session here and in the browser."""
    context = auth_context()
    _close_session()
    response = redirect(url_for("auth.login"), 303)
    response.delete_cookie(context.session_cookie_name, secure=context.secure, httponly=True, samesite="Lax", path="/")
    # Not "storage": there the page keeps the chosen language and colours, and nothing of what it showed.
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def render_login(error: str | None, wait_s: int | None = None) -> str:
    """The form, with what went wrong, a key of the catalogue, and how long to wait before the next try."""
    email, target = request.form.get("email", ""), local_path(request.values.get("next"))
    methods = auth_context().methods
    return render_template("login.html", error=error, wait_s=wait_s, email=email, next=target, methods=methods)


def _explain_csrf(_error: CSRFError) -> ResponseReturnValue:
    note("csrf_failed", "", request.path)
    if request.endpoint == "auth.log_in":
        return render_login("csrf"), 400
    message = "This form is out of date, or cookies are blocked. Open the page again and retry."
    return error_response(400, "csrf_failed", message)


def _close_session(*, keeps_forms: bool = False) -> None:
    """End the session that this browser holds, if any."""
    if not keeps_forms:
        session.clear()  # The next form gets a new CSRF secret.
    context = auth_context()
    token = request.cookies.get(context.session_cookie_name)
    principal = context.accounts.principals.of_session(token) if token else None
    if token and principal:  # Looked up first: anybody can send a cookie, and a write takes a lock.
        note("logout", principal.email)
        context.accounts.sessions.close(token)
