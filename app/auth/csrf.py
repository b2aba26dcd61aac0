"""Flask-WTF's CSRF protection, its token in another guise on every page.

Pages are compressed, and a page may carry text that came from outside. Whoever chooses such text and sees how long the
answers are could guess a secret that stands on each of them, letter by letter (BREACH). Under a new random mask each
time nothing of it stays the same.
"""

import base64
import binascii
import secrets
from typing import Any

from flask import Flask
from flask_wtf.csrf import CSRFProtect, generate_csrf


class MaskedCSRFProtect(CSRFProtect):
    """Pages get the token masked; what comes back is unmasked before Flask-WTF looks at it."""

    def init_app(self, app: Flask) -> None:
        """Protect `app`. Its templates write `{{ csrf_token() }}` as before."""
        super().init_app(app)
        app.context_processor(lambda: {"csrf_token": lambda: mask(generate_csrf())})

    def _get_csrf_token(self) -> Any:
        return unmask(super()._get_csrf_token() or "")


def mask(token: str) -> str:
    """The token as no page had it before: a one-time pad, and the token under it."""
    pad = secrets.token_bytes(len(token))
    return base64.urlsafe_b64encode(pad + _xor(pad, token.encode("ascii"))).decode("ascii")


def unmask(masked: str) -> str:
    """The token that `mask` was given; for anything else some text that is no valid token."""
    try:
        both = base64.urlsafe_b64decode(masked.encode())
    except binascii.Error:
        return ""
    middle = len(both) // 2
    return _xor(both[:middle], both[middle:]).decode("ascii", "replace")


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(left ^ right for left, right in zip(one, other, strict=False))
