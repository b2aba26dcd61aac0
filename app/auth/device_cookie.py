"""The device cookie (OWASP): tells the throttle that an account was used in this browser. It gives no access.

It outlives a logout, which is its point. It names the account and the generation of its password and second factor, and
nothing else: all browsers of an account hold the same mark, so a thousand logins yield one. A new generation ends all.
"""

from itsdangerous import BadData, URLSafeTimedSerializer

from app.accounts.targets import Target

LIFE_S = 90 * 86_400
"""How long a browser stays known after its last login (s)."""


class DeviceCookies:
    """Issues and checks device cookies."""

    def __init__(self, secret_key: str) -> None:
        self._signer = URLSafeTimedSerializer(secret_key, salt="known browser of a generation")

    def issue(self, target: Target) -> str:
        """The cookie's value for a browser that has just logged in to that account."""
        return str(self._signer.dumps([target.account, target.generation]))

    def is_valid(self, value: str | None, target: Target) -> bool:
        """Whether a browser with this cookie has logged in to that account in its present generation, within LIFE_S."""
        if not value or not target.is_user:
            return False
        try:
            return bool(self._signer.loads(value, max_age=LIFE_S) == [target.account, target.generation])
        except (BadData, ValueError, TypeError):
            return False
