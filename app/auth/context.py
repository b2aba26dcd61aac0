"""What all views of login and logout share: the accounts, the throttle, the cookies' names, the audit."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from flask import current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from app.accounts.accounts import Accounts
from app.accounts.audit import Audit
from app.accounts.email import canonical
from app.accounts.sessions import Person
from app.accounts.targets import Target
from app.auth.device_cookie import DeviceCookies
from app.auth.throttle import Attempt, LoginThrottle


def _no_step(_person: Person | None, _target: Target, _attempt: Attempt) -> Response | None:
    return None


@dataclass(frozen=True)
class LoginMethods:
    """The login methods that are configured."""

    password: bool = True
    oidc: bool = False
    next_step: Callable[[Person | None, Target, Attempt], Response | None] = _no_step
    """Where a login goes on after the password; None: nothing more is asked. Person None: the password was wrong."""


@dataclass(frozen=True, kw_only=True)
class AuthContext:
    """What the views share; one for each app."""

    accounts: Accounts
    audit: Audit
    throttle: LoginThrottle
    device_cookies: DeviceCookies
    methods: LoginMethods
    login_view: str
    """The endpoint of the login form."""
    secure: bool
    """Whether browsers reach the app by HTTPS only."""

    @property
    def session_cookie_name(self) -> str:
        """Browsers take a `__Host-` cookie from this very host over TLS only."""
        return "__Host-monitor_session" if self.secure else "monitor_session"

    @property
    def device_cookie_name(self) -> str:
        """Name of the cookie by which an account knows a browser; see app.auth.device_cookie."""
        return "__Host-monitor_browser" if self.secure else "monitor_browser"

    @property
    def step_cookie_name(self) -> str:
        """Name of the cookie that holds, encrypted, how far a login of several steps has come."""
        return "__Host-monitor_step" if self.secure else "monitor_step"


def auth_context() -> AuthContext:
    """The context of the current app."""
    context: AuthContext = current_app.extensions["auth"]
    return context


def throttled_attempt(throttle: LoginThrottle, target: Target) -> AbstractContextManager[Attempt]:
    """An attempt by this request at that account. Raises: Busy, on entry."""
    context = auth_context()
    is_known = context.device_cookies.is_valid(request.cookies.get(context.device_cookie_name), target)
    return throttle.attempt(request.remote_addr or "", target, is_known=is_known)


def note(kind: str, email: str, detail: str = "", *, is_user: bool = False) -> None:
    """Tell the audit what this request did. `email`: as typed; kept if it is an address. is_user: it is a user's."""
    auth_context().audit.note(
        kind, who=canonical(email), address=request.remote_addr or "", detail=detail, is_user=is_user
    )


def set_cookie(response: Response, name: str, value: str, *, max_age: int | None = None) -> None:
    """Set a cookie for this host alone, hidden from scripts. max_age (s): 0 deletes it, None ends with the browser."""
    response.set_cookie(
        name, value, max_age=max_age, secure=auth_context().secure, httponly=True, samesite="Lax", path="/"
    )


def redirect_to_login(target: str) -> Response:
    """To the login form, which then leads on to `target`."""
    return redirect(url_for(auth_context().login_view, next=target), 303)
