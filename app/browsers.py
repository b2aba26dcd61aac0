"""Which browsers an account has logged in from before, by a signed cookie. It opens nothing; see app.throttle.

OWASP calls it a device cookie. It lives on after a logout, which is the point, and says nothing but a number.
"""

import hashlib
import secrets

from itsdangerous import BadData, URLSafeTimedSerializer

LIFE_S = 90 * 86_400
"""How long a browser stays known after its last login (s)."""


class KnownBrowsers:
    """Marks browsers and recognises them."""

    def __init__(self, secret_key: str) -> None:
        self._signer = URLSafeTimedSerializer(secret_key, salt="known browser")

    def mark(self, email: str) -> str:
        """The cookie's value for a browser in which `email` has just logged in."""
        return str(self._signer.dumps([_account(email), secrets.token_urlsafe(12)]))

    def recognise(self, value: str | None, email: str) -> str | None:
        """A name for the browser when `email` has logged in from it, else None."""
        if not value:
            return None
        try:
            account, name = self._signer.loads(value, max_age=LIFE_S)
        except (BadData, ValueError, TypeError):
            return None
        return f"{account}:{name}" if account == _account(email) else None


def _account(email: str) -> str:
    return hashlib.sha256(email.strip().lower().encode()).hexdigest()[:32]
