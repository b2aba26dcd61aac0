"""What must lie outside of our own memory and still be ours alone: encrypted, and refused when it was changed.

Fernet (AES-128-CBC, HMAC-SHA256) under a key that HKDF derives from SECRET_KEY, another one for each purpose: what was
sealed for one cannot be passed off as another.
"""

import json
from functools import cached_property
from typing import Any

from collector.store.errors import MonitorError

# Imported where it is used: 7 MiB that a panel without second factors and single sign-on does not need.


class Unsealable(MonitorError):
    """It is not ours, was changed, is too old, or SECRET_KEY is another one now."""


class Seal:
    """Seals and opens for one purpose."""

    def __init__(self, secret_key: str, purpose: str) -> None:
        self._secret_key = secret_key
        self._purpose = purpose

    def close(self, content: Any) -> str:
        """`content`, which is JSON, as text for a cookie, a form or a table's column."""
        return str(self._fernet.encrypt(json.dumps(content).encode()), "ascii")

    def open(self, text: str, *, max_age_s: int | None = None) -> Any:
        """What was sealed. Raises: Unsealable."""
        from cryptography.fernet import InvalidToken  # noqa: PLC0415  See above.

        try:
            return json.loads(self._fernet.decrypt(text, ttl=max_age_s))
        except (InvalidToken, ValueError) as exc:
            raise Unsealable("this was not sealed here, or too long ago") from exc

    @cached_property
    def _fernet(self) -> Any:
        from base64 import urlsafe_b64encode  # noqa: PLC0415

        from cryptography.fernet import Fernet  # noqa: PLC0415
        from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

        derived = HKDF(SHA256(), length=32, salt=None, info=f"zapvoice-monitor {self._purpose}".encode())
        return Fernet(urlsafe_b64encode(derived.derive(self._secret_key.encode())))
