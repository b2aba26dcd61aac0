"""Flask-WTF's CSRF protection, with a token that looks different on every page.

Pages are compressed, and may carry text from outside. An attacker who chooses such text and sees the length of the
answers could guess a secret that stands on every page, letter by letter (BREACH). A new random mask for each page
changes every letter.
"""

import base64
import binascii
import secrets
from typing import Any

from flask import Flask
from flask_wtf.csrf import CSRFProtect, generate_csrf


class MaskedCSRFProtect(CSRFProtect):
    """Masks the token on its way to a page, and unmasks it before Flask-WTF checks it."""

    def init_app(self, app: Flask) -> None:
        """Protect `app`. Its templates write `{{ csrf_token() }}` as with Flask-WTF."""
        super().init_app(app)
        app.context_processor(lambda: {"csrf_token": lambda: mask(generate_csrf())})

    def _get_csrf_token(self) -> Any:
        return unmask(super()._get_csrf_token() or "")


def mask(token: str) -> str:
    """A one-time pad, followed by the token encrypted with it; in Base64."""
    pad = secrets.token_bytes(len(token))
    return base64.urlsafe_b64encode(pad + _xor(pad, token.encode("ascii"))).decode("ascii")


def unmask(masked: str) -> str:
    """The token that `mask` was given; any other text gives one that is no valid token."""
    try:
        both = base64.urlsafe_b64decode(masked.encode())
    except binascii.Error:
        return ""
    middle = len(both) // 2
    return _xor(both[:middle], both[middle:]).decode("ascii", "replace")


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(left ^ right for left, right in zip(one, other, strict=False))
