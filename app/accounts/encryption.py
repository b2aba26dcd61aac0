"""Encrypts data that leaves our memory for a cookie, a form or the database, and refuses it when it was changed.

AES-256-GCM. HKDF derives a key from SECRET_KEY for each purpose, so that text encrypted for one purpose does not serve
another. The random nonce is safe for 2**32 messages of a purpose, far more than a panel ever encrypts.
"""

import json
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cached_property
from typing import Any

from store.errors import MonitorError

# `cryptography` is imported where it is used: 7 MiB that a panel without second factors and single sign-on saves.

NONCE_BYTES = 12


class Undecryptable(MonitorError):
    """The text was not encrypted here, was changed or is too old, or SECRET_KEY has changed."""


class Cipher:
    """Encrypts and decrypts for one purpose."""

    def __init__(self, secret_key: str, purpose: str) -> None:
        self._secret_key = secret_key
        self._purpose = purpose

    def encrypt(self, content: Any) -> str:
        """Encrypt `content`, any JSON value, as text for a cookie, a form or a table's column."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        text = json.dumps([int(time.time()), content]).encode()
        return urlsafe_b64encode(nonce + self._cipher.encrypt(nonce, text, None)).decode("ascii")

    def decrypt(self, text: str, *, max_age_s: int | None = None) -> Any:
        """The value that was encrypted; max_age_s: within that time. Raises: Undecryptable."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415

        try:
            encrypted = urlsafe_b64decode(text)
            if urlsafe_b64encode(encrypted).decode("ascii") != text:
                raise ValueError("the unused bits of the last letter differ")
            encrypted_at, content = json.loads(
                self._cipher.decrypt(encrypted[:NONCE_BYTES], encrypted[NONCE_BYTES:], None)
            )
        except (InvalidTag, ValueError) as exc:
            raise Undecryptable("the text was not encrypted here") from exc
        if max_age_s is not None and time.time() - encrypted_at > max_age_s:
            raise Undecryptable("the text is too old")
        return content

    @cached_property
    def _cipher(self) -> Any:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415
        from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

        derived = HKDF(SHA256(), length=32, salt=None, info=f"zapvoice-monitor {self._purpose}".encode())
        return AESGCM(derived.derive(self._secret_key.encode()))
