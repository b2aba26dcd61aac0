"""Reauthentication, before a user changes how they sign in or ends sessions (ASVS 5.0, 7.5).

A user shows the password, throttled like a login. A user who has none here, because another system vouches for them,
needs a login from there within the last FRESH_S.
"""

import time
from dataclasses import dataclass, field

from flask import request

from app.accounts.identities import Identities
from app.accounts.passwords import Busy
from app.accounts.sessions import OpenSession, Person
from app.auth.context import auth_context, note, throttled_attempt
from app.auth.guard import current_principal

FRESH_S = 600.0
"""How long a login by another system counts as reauthentication (s)."""


@dataclass(frozen=True)
class Refusal:
    """The reason for a refusal: a key of the page's catalogue, the answer's status and its headers."""

    error: str
    status: int
    headers: dict[str, str] = field(default_factory=dict)


def confirm_password(person: Person, field_name: str = "password") -> Person | Refusal:
    """Check the password that the form sends. Returns: the user as read with it, or the reason for a refusal."""
    context = auth_context()
    try:
        with throttled_attempt(context.throttle, context.accounts.targets.find(person.email)) as attempt:
            if attempt.wait_s is not None:
                return Refusal("throttled", 429, {"Retry-After": str(attempt.wait_s)})
            confirmed = context.accounts.check_password(person.email, request.form.get(field_name, ""), is_known=True)
            if confirmed is None:
                attempt.fail()
                note("confirm_failed", person.email, request.path, is_user=True)
                return Refusal("refused", 401)
    except Busy:
        return Refusal("busy", 503, {"Retry-After": "3"})
    return confirmed


def is_fresh(session: OpenSession | None) -> bool:
    """Whether a session, None when it has ended, was opened within FRESH_S."""
    return session is not None and time.time() - session.created_at < FRESH_S


def session_user(identities: Identities) -> Person | None:
    """The user of this request's session; None for a request by token, which may change nothing about its user."""
    principal = current_principal()
    return identities.find(principal.user_id) if principal.credential.startswith("session:") else None
