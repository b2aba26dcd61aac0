"""Which browsers an account has logged in from, by a signed cookie. It opens nothing; see app.auth.throttle.

OWASP calls it a device cookie. It lives on after a logout, which is the point. It says which account, in which
generation of its password and second factor, and no more: all browsers of an account hold the same mark, so whoever
makes a thousand has one. What changes the generation ends them all.
"""

from itsdangerous import BadData, URLSafeTimedSerializer

from app.accounts.targets import Target

LIFE_S = 90 * 86_400
"""How long a browser stays known after its last login (s)."""


class DeviceCookies:
    """Marks browsers and recognises them."""

    def __init__(self, secret_key: str) -> None:
        self._signer = URLSafeTimedSerializer(secret_key, salt="known browser of a generation")

    def issue(self, target: Target) -> str:
        """The cookie's value for a browser in which somebody has just logged in to that account."""
        return str(self._signer.dumps([target.account, target.generation]))

    def is_valid(self, value: str | None, target: Target) -> bool:
        """Whether somebody has logged in to that account from the browser that sends this, and it is as it was then."""
        if not value or not target.is_user:
            return False
        try:
            return bool(self._signer.loads(value, max_age=LIFE_S) == [target.account, target.generation])
        except (BadData, ValueError, TypeError):
            return False
