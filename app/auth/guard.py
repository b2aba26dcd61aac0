"""The guard that page, API and stream share: `require_role` and `require_scope`.

A request is made by whom `Authorization: Bearer TOKEN` names, else by whom its session cookie names. The guard asks the
accounts at every request; when they cannot answer, it refuses.
"""

import functools
import logging
from collections.abc import Callable
from typing import ParamSpec

from flask import current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from app.accounts.principals import Principal, Role
from app.accounts.tokens import TokenScope
from app.auth.context import EXCHANGE, auth_context, note
from app.web.errors import error_response
from store.errors import StoreUnavailable

_IS_GUARDED = "is_guarded"

_READING = frozenset({"GET", "HEAD"})
"""Methods of requests that change nothing."""

logger = logging.getLogger(__name__)

Arguments = ParamSpec("Arguments")


def require_role(
    role: str, *, page: bool = False
) -> Callable[[Callable[Arguments, ResponseReturnValue]], Callable[Arguments, ResponseReturnValue]]:
    """Decorate a view that only `role` may see. An anonymous request for a page is led to the login, others get 401.

    A token sees as much as its user and changes nothing, whatever the view: what scripts hold gets about.

    Raises: ValueError, when the app is put together, if there is no such role.
    """
    wanted = Role(role)

    def refuse(principal: Principal) -> str | None:
        if principal.scope is not TokenScope.READ:
            return f"This token is for {principal.scope} and nothing else."
        if request.method not in _READING and _has_bearer():
            return "A token reads and changes nothing. Do this on the page, or by the command `flask --app app`."
        return None if principal.role is wanted else f"This needs the role {wanted}."

    return _guard(refuse, page=page)


def require_scope(
    scope: TokenScope,
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


def current_principal() -> Principal:
    """Who makes the request. Only in a view that `require_role` guards."""
    principal: Principal = g.principal
    return principal


def explain_store(error: StoreUnavailable) -> Response:
    logger.warning("access could not be checked: %s", error)
    message = "Your access cannot be checked now. Try again in a few seconds."
    response = error_response(503, "access_unknown", message)
    response.headers["Retry-After"] = "3"
    return response


def _see(principal: Principal) -> None:
    """Opening a page is something its user does."""
    try:
        auth_context().accounts.sessions.see(principal.credential)
    except StoreUnavailable as exc:
        logger.warning("a session could not be noted as in use: %s", exc)


def _find_principal() -> Principal | None:
    context = auth_context()
    if _has_bearer():
        return context.accounts.principals.of_token(_authorization()[1])
    token = request.cookies.get(context.session_cookie_name)
    return context.accounts.principals.of_session(token) if token else None


def is_open_to_all() -> bool:
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
