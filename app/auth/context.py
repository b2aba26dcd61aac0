"""What all ways in share: the door of an app, its cookies, and where a login leads."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from flask import current_app, request
from werkzeug.wrappers import Response

from app.accounts.accounts import Accounts
from app.accounts.audit import Audit
from app.accounts.email import canonical
from app.accounts.sessions import Person
from app.accounts.targets import Target
from app.auth.device_cookie import DeviceCookies
from app.auth.throttle import Attempt, LoginThrottle

EXCHANGE = "token_exchange.exchange"
"""The one endpoint that a page of another site may send something to: app.auth.token_exchange asks which, and what it
brings is proof by itself.
"""


def _nothing_more(_person: Person | None, _target: Target, _attempt: Attempt) -> Response | None:
    return None


@dataclass(frozen=True)
class LoginMethods:
    """The ways in that are configured."""

    password: bool = True
    oidc: bool = False
    next_step: Callable[[Person | None, Target, Attempt], Response | None] = _nothing_more
    """After a password, right (whose) or wrong (None), for that account, in that attempt: where to go on, if needed."""


@dataclass(frozen=True)
class AuthContext:
    """What the views below share; one for each app."""

    accounts: Accounts
    throttle: LoginThrottle
    device_cookies: DeviceCookies
    audit: Audit
    secure: bool
    methods: LoginMethods

    @property
    def session_cookie_name(self) -> str:
        """The session cookie's name. Browsers take a `__Host-` cookie from this very host over TLS only."""
        return "__Host-monitor_session" if self.secure else "monitor_session"

    @property
    def device_cookie_name(self) -> str:
        """The name of the cookie that marks a browser as known; see app.auth.device_cookie."""
        return "__Host-monitor_browser" if self.secure else "monitor_browser"

    @property
    def step_cookie_name(self) -> str:
        """The name of the cookie that holds, sealed, where in a login of several steps a browser is."""
        return "__Host-monitor_step" if self.secure else "monitor_step"


def auth_context() -> AuthContext:
    """That of the app."""
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
    """One that only this host gets, and no script. max_age (s): 0 takes it away, None ends with the browser."""
    response.set_cookie(
        name, value, max_age=max_age, secure=auth_context().secure, httponly=True, samesite="Lax", path="/"
    )
