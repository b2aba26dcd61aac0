"""The keys that signatures are checked with: one that is configured, or a set that its owner publishes and changes.

Every key fits the one algorithm that is configured; what else a set holds is passed over. A token only ever chooses
among them by `kid`: no header brings a key along or says where one lies.
"""

import json
from collections.abc import Sequence
from typing import Any, Protocol

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OctKey, RSAKey

from app.auth.http_json import Remembered, fetch
from store.errors import MonitorError

MIN_RSA_BITS = 2048
MIN_SECRET_BYTES = 32
"""Of an HMAC key (RFC 7518, 3.2)."""

KINDS: dict[str, type[Key]] = {"HS": OctKey, "RS": RSAKey, "PS": RSAKey, "ES": ECKey}
CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}


class BadKey(MonitorError):
    """A configured key is not one for the configured algorithm."""


class KeySource(Protocol):
    """Where a key comes from."""

    def find(self, kid: str | None) -> Key | None:
        """The key that the token means; None when there is none, or not exactly one. Raises: RemoteUnavailable."""


class FixedKeys:
    """One key, or a set, as the operator has written it down: a secret, a PEM or a JWKS."""

    def __init__(self, text: str, algorithm: str) -> None:
        """Raises: BadKey."""
        self._is_set = text.lstrip().startswith("{")
        self._keys = _import_set(text, algorithm) if self._is_set else [_import_one(text, algorithm)]
        if not self._keys:
            raise BadKey(f"The set holds no key for {algorithm}.")

    def find(self, kid: str | None) -> Key | None:
        """A key that stands alone has no name, so it is the one whatever name the token gives it."""
        return _pick(self._keys, kid if self._is_set else None)


class PublishedKeys:
    """The set at a URL."""

    def __init__(self, url: str, algorithm: str) -> None:
        self._keys = Remembered(lambda: usable_keys(fetch(url).get("keys"), algorithm))

    def find(self, kid: str | None) -> Key | None:
        """Among those published a moment ago; a name that is not among them may be that of a new one."""
        return _pick(self._keys.get(), kid) or _pick(self._keys.get(anew=True), kid)


def usable_keys(rows: object, algorithm: str) -> list[Key]:
    """Those of a JWKS' `keys` that may have signed by `algorithm`."""
    if not isinstance(rows, list):
        return []
    return [key for row in rows if (key := _import_row(row, algorithm)) is not None]


def _pick(keys: Sequence[Key], kid: str | None) -> Key | None:
    fitting = [key for key in keys if kid is None or key.kid == kid]
    return fitting[0] if len(fitting) == 1 else None


def _import_set(text: str, algorithm: str) -> list[Key]:
    try:
        return usable_keys(json.loads(text).get("keys"), algorithm)
    except ValueError as exc:
        raise BadKey("The key starts like a JWKS and is none.") from exc


def _import_one(text: str, algorithm: str) -> Key:
    kind = KINDS[algorithm[:2]]
    looks_public = "-----BEGIN" in text or text.lstrip().startswith(("ssh-", "ecdsa-"))
    if kind is OctKey and (looks_public or len(text.encode()) < MIN_SECRET_BYTES):
        # A public key is no secret: whoever knows it could sign with it.
        raise BadKey(f"{algorithm} needs a secret of at least {MIN_SECRET_BYTES} bytes, not a public key.")
    try:
        key = kind.import_key(text)
    except (JoseError, ValueError, TypeError) as exc:
        raise BadKey(f"The key is none for {algorithm}.") from exc
    if not _fits(key, algorithm):
        raise BadKey(f"The key is none for {algorithm}, or too short.")
    return key


def _import_row(row: Any, algorithm: str) -> Key | None:
    """A key of a set; None for another purpose, another algorithm, or a secret, which nobody publishes."""
    kind = KINDS[algorithm[:2]]
    if not isinstance(row, dict) or row.get("kty") != kind.key_type or kind is OctKey:
        return None
    if row.get("use", "sig") != "sig" or row.get("alg", algorithm) != algorithm:
        return None
    try:
        key = kind.import_key(row)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return key if _fits(key, algorithm) else None


def _fits(key: Key, algorithm: str) -> bool:
    if isinstance(key, RSAKey):
        return key.raw_value.key_size >= MIN_RSA_BITS
    if isinstance(key, ECKey):
        return key.curve_name == CURVES[algorithm]
    return True
