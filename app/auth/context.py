"""What all ways in share: the door of an app, its cookies, and where a login leads."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from flask import current_app, request
from werkzeug.wrappers import Response

from app.accounts.accounts import Accounts
from app.accounts.audit import Audit
from app.accounts.sessions import Person
from app.accounts.tables import MAX_EMAIL
from app.accounts.targets import Target
from app.auth.device_cookie import KnownBrowsers
from app.auth.throttle import Attempt, LoginThrottle

EXCHANGE = "sign_on.exchange"
"""The one endpoint that a page of another site may send something to: app.auth.token_exchange asks which, and what it
brings is proof by itself.
"""


def _nothing_more(_person: Person | None, _target: Target, _attempt: Attempt) -> Response | None:
    return None


@dataclass(frozen=True)
class Ways:
    """The ways in that are configured."""

    password: bool = True
    oidc: bool = False
    ask_more: Callable[[Person | None, Target, Attempt], Response | None] = _nothing_more
    """After a password, right (whose) or wrong (None), for that account, in that attempt: where to go on, if needed."""


@dataclass(frozen=True)
class Door:
    """What the views below share; one for each app."""

    accounts: Accounts
    throttle: LoginThrottle
    browsers: KnownBrowsers
    audit: Audit
    secure: bool
    ways: Ways

    @property
    def cookie(self) -> str:
        """The session cookie's name. Browsers take a `__Host-` cookie from this very host over TLS only."""
        return "__Host-monitor_session" if self.secure else "monitor_session"

    @property
    def browser_cookie(self) -> str:
        """The name of the cookie that marks a browser as known; see app.auth.device_cookie."""
        return "__Host-monitor_browser" if self.secure else "monitor_browser"

    @property
    def step_cookie(self) -> str:
        """The name of the cookie that holds, sealed, where in a login of several steps a browser is."""
        return "__Host-monitor_step" if self.secure else "monitor_step"


def current_door() -> Door:
    """That of the app."""
    door: Door = current_app.extensions["door"]
    return door


def knock(throttle: LoginThrottle, target: Target) -> AbstractContextManager[Attempt]:
    """An attempt by this request at that account. Raises: Busy, on entry."""
    door = current_door()
    is_known = door.browsers.recognise(request.cookies.get(door.browser_cookie), target)
    return throttle.attempt(request.remote_addr or "", target, is_known=is_known)


def note(kind: str, who: str, detail: str = "", *, is_user: bool = False) -> None:
    """Tell the audit what this request was about; of `who` what can be an address is kept. is_user: it is a user's."""
    is_address = len(who) <= MAX_EMAIL and re.fullmatch(r"[^@\s]+@[^@\s]+", who.strip())
    current_door().audit.note(
        kind,
        who=who.strip().lower() if is_address else "",
        address=request.remote_addr or "",
        detail=detail,
        is_user=is_user,
    )


def set_cookie(response: Response, name: str, value: str, *, max_age: int | None = None) -> None:
    """One that only this host gets, and no script. max_age (s): 0 takes it away, None ends with the browser."""
    response.set_cookie(
        name, value, max_age=max_age, secure=current_door().secure, httponly=True, samesite="Lax", path="/"
    )
