"""The guard that page, API and stream share: `require_role` and `require_scope`.

The credential of a request is `Authorization: Bearer TOKEN`, else the session cookie. The guard looks it up in the
accounts at every request; when they cannot answer, it refuses.
"""

import functools
import logging
from collections.abc import Callable
from typing import ParamSpec

from flask import current_app, g, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from app.accounts.principals import Principal, Role
from app.accounts.tokens import TokenScope
from app.auth.context import auth_context, note, redirect_to_login
from app.web.errors import error_response
from store.errors import StoreUnavailable

_IS_GUARDED, _IS_CROSS_SITE = "is_guarded", "is_cross_site"

_READING = frozenset({"GET", "HEAD"})
"""Methods of requests that change nothing."""

logger = logging.getLogger(__name__)

Arguments = ParamSpec("Arguments")
View = Callable[Arguments, ResponseReturnValue]


def require_role(role: str, *, page: bool = False) -> Callable[[View[Arguments]], View[Arguments]]:
    """Decorate a view that only `role` may see. page: an anonymous request is sent to the login; else it gets 401.

    A token sees as much as its user, but changes nothing in any view: scripts pass their tokens around.

    Raises: ValueError when the app is put together, if there is no such role.
    """
    wanted = Role(role)

    def refuse(principal: Principal) -> str | None:
        if principal.scope is not TokenScope.READ:
            return f"This token is for {principal.scope} and nothing else."
        if request.method not in _READING and _has_bearer():
            return "A token reads and changes nothing. Do this on the page, or by the command `flask --app app`."
        return None if principal.role is wanted else f"This needs the role {wanted}."

    return _guard(refuse, page=page)


def require_scope(scope: TokenScope) -> Callable[[View[Arguments]], View[Arguments]]:
    """Decorate a view that only tokens of this scope may use: no session, and no token with wider rights."""

    def refuse(principal: Principal) -> str | None:
        if principal.scope is scope:
            return None
        return f"This needs a token for {scope}: `flask --app app tokens create EMAIL --for {scope}`."

    return _guard(refuse, page=False)


def allow_cross_site(view: View[Arguments]) -> View[Arguments]:
    """Decorate a view that pages of other sites may post to. It needs no CSRF token: what they send is proof enough."""
    vars(view)[_IS_CROSS_SITE] = True
    return view


def is_cross_site_allowed() -> bool:
    """Whether the view of this request is marked by `allow_cross_site`."""
    return hasattr(_requested_view(), _IS_CROSS_SITE)


def needs_csrf_token() -> bool:
    """Whether the view of this request is a form that needs no session. A guarded view checks the token itself."""
    view = _requested_view()
    return view is not None and not hasattr(view, _IS_GUARDED) and not hasattr(view, _IS_CROSS_SITE)


def current_principal() -> Principal:
    """The user who makes the request, and the credential. Only in a guarded view."""
    principal: Principal = g.principal
    return principal


def explain_store(error: StoreUnavailable) -> Response:
    """The answer when the accounts cannot be asked."""
    logger.warning("access could not be checked: %s", error)
    message = "Your access cannot be checked now. Try again in a few seconds."
    response = error_response(503, "access_unknown", message)
    response.headers["Retry-After"] = "3"
    return response


def _guard(refuse: Callable[[Principal], str | None], *, page: bool) -> Callable[[View[Arguments]], View[Arguments]]:
    """Decorate a view with the guard; `refuse` gives the reason why a known principal may not use it, else None."""

    def decorate(view: View[Arguments]) -> View[Arguments]:
        @functools.wraps(view)
        def guarded(*arguments: Arguments.args, **options: Arguments.kwargs) -> ResponseReturnValue:
            try:
                principal = _find_principal()
            except StoreUnavailable as exc:
                return explain_store(exc)
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


def _see(principal: Principal) -> None:
    """Record that the user is active: opening a page is."""
    try:
        auth_context().accounts.sessions.see(principal.credential)
    except StoreUnavailable as exc:
        logger.warning("the activity of a session could not be recorded: %s", exc)


def _find_principal() -> Principal | None:
    context = auth_context()
    if _has_bearer():
        return context.accounts.principals.of_token(_authorization()[1])
    token = request.cookies.get(context.session_cookie_name)
    return context.accounts.principals.of_session(token) if token else None


def _requested_view() -> object:
    return current_app.view_functions.get(request.endpoint or "")


def _has_bearer() -> bool:
    return _authorization()[0] == "bearer"


def _authorization() -> tuple[str, str]:
    """Scheme in lower case, and the rest. Not werkzeug's parser: 3.1.9 raises for a `Basic` that is not ASCII."""
    scheme, _, token = request.headers.get("Authorization", "").strip().partition(" ")
    return scheme.lower(), token.strip()


def _ask_to_log_in(page: bool) -> Response:
    if page:
        return redirect_to_login(request.full_path if request.query_string else request.path)
    response = error_response(401, "unauthorized", "Sign in, or send `Authorization: Bearer TOKEN` with a valid token.")
    response.headers["WWW-Authenticate"] = "Bearer"
    return response
