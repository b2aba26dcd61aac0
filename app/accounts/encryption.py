"""What must lie outside of our own memory and still be ours alone: encrypted, and refused when it was changed.

AES-256-GCM under a key that HKDF derives from SECRET_KEY, another one for each purpose: what was sealed for one cannot
be passed off as another. The nonce is random, which is safe for 2**32 of a purpose, far more than a panel ever seals.
"""

import json
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cached_property
from typing import Any

from store.errors import MonitorError

# Imported where it is used: 7 MiB that a panel without second factors and single sign-on does not need.


NONCE_BYTES = 12


class Undecryptable(MonitorError):
    """It is not ours, was changed, is too old, or SECRET_KEY is another one now."""


class Cipher:
    """Seals and opens for one purpose."""

    def __init__(self, secret_key: str, purpose: str) -> None:
        self._secret_key = secret_key
        self._purpose = purpose

    def encrypt(self, content: Any) -> str:
        """`content`, which is JSON, as text for a cookie, a form or a table's column."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        text = json.dumps([int(time.time()), content]).encode()
        return urlsafe_b64encode(nonce + self._cipher.encrypt(nonce, text, None)).decode("ascii")

    def decrypt(self, text: str, *, max_age_s: int | None = None) -> Any:
        """What was sealed. Raises: Undecryptable."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415  See above.

        try:
            sealed = urlsafe_b64decode(text)
            if urlsafe_b64encode(sealed).decode("ascii") != text:
                raise ValueError("the bits after the last byte are others")
            sealed_at, content = json.loads(self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None))
        except (InvalidTag, ValueError) as exc:
            raise Undecryptable("this was not sealed here") from exc
        if max_age_s is not None and time.time() - sealed_at > max_age_s:
            raise Undecryptable("this was sealed too long ago")
        return content

    @cached_property
    def _cipher(self) -> Any:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415
        from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

        derived = HKDF(SHA256(), length=32, salt=None, info=f"zapvoice-monitor {self._purpose}".encode())
        return AESGCM(derived.derive(self._secret_key.encode()))
