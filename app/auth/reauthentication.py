"""Showing again who one is, before what changes how somebody signs in or who is signed in (ASVS 5.0, 7.5).

By the password, throttled like a login. Who has none here, because another system vouches for them, shows it by having
come from there a moment ago.
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
"""How long a login by another system counts as having just shown who one is."""


@dataclass(frozen=True)
class Refusal:
    """Why not: a word for the page, the answer's status and headers."""

    error: str
    status: int
    headers: dict[str, str] = field(default_factory=dict)


def confirm_password(person: Person, field_name: str = "password") -> Person | Refusal:
    """The same person, who has now shown the password that the form brings, or why that is not so."""
    context = auth_context()
    try:
        with throttled_attempt(context.throttle, context.accounts.targets.find(person.email)) as attempt:
            if attempt.wait_s is not None:
                return Refusal("throttled", 429, {"Retry-After": str(attempt.wait_s)})
            shown = context.accounts.check_password(person.email, request.form.get(field_name, ""), is_known=True)
            if shown is None:
                attempt.fail()
                note("confirm_failed", person.email, request.path, is_user=True)
                return Refusal("refused", 401)
    except Busy:
        return Refusal("busy", 503, {"Retry-After": "3"})
    return shown


def is_fresh(session: OpenSession | None) -> bool:
    """Whether the session of this request, as far as it is still one, was opened a moment ago."""
    return session is not None and time.time() - session.created_at < FRESH_S


def session_user(identities: Identities) -> Person | None:
    """Who makes the request; None where a token does, which may change nothing about its user."""
    principal = current_principal()
    return identities.find(principal.user_id) if principal.credential.startswith("session:") else None
