"""Keys that check signatures: a configured key or set, or a set that its owner publishes and rotates (JWKS).

Only keys for the configured algorithm are used; others in a set are skipped. A token can only choose among them by
`kid`: no header of it supplies a key or says where one is.
"""

import json
from collections.abc import Sequence
from typing import Any, Protocol

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OctKey, RSAKey

from app.auth.http_json import CachedDocument, fetch
from store.errors import MonitorError

MIN_RSA_BITS = 2048
MIN_SECRET_BYTES = 32
"""Of an HMAC key (RFC 7518, 3.2)."""

KINDS: dict[str, type[Key]] = {"HS": OctKey, "RS": RSAKey, "PS": RSAKey, "ES": ECKey}
CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}


class BadKey(MonitorError):
    """A configured key does not fit the configured algorithm."""


class KeySource(Protocol):
    """A source of keys."""

    def find(self, kid: str | None) -> Key | None:
        """The key that a token names by `kid`; None when there is none, or more than one. Raises: RemoteUnavailable."""


class FixedKeys:
    """The configured key or set: a secret, a PEM or a JWKS."""

    def __init__(self, text: str, algorithm: str) -> None:
        """Raises: BadKey."""
        self._is_set = text.lstrip().startswith("{")
        self._keys = _import_set(text, algorithm) if self._is_set else [_import_one(text, algorithm)]
        if not self._keys:
            raise BadKey(f"The set holds no key for {algorithm}.")

    def find(self, kid: str | None) -> Key | None:
        """By `kid` in a set. A single key has no name, so it is used whatever `kid` the token gives."""
        return _pick(self._keys, kid if self._is_set else None)


class PublishedKeys:
    """The set at a URL."""

    def __init__(self, url: str, algorithm: str) -> None:
        self._keys = CachedDocument(lambda: usable_keys(fetch(url).get("keys"), algorithm))

    def find(self, kid: str | None) -> Key | None:
        """By `kid`, in the cached set. An unknown `kid` may be a new key's, so the set is fetched again."""
        return _pick(self._keys.get(), kid) or _pick(self._keys.get(newer=True), kid)


def usable_keys(rows: object, algorithm: str) -> list[Key]:
    """The keys of a JWKS (its `keys`) that `algorithm` can use."""
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
        raise BadKey("The key starts like a JWKS but is none.") from exc


def _import_one(text: str, algorithm: str) -> Key:
    kind = KINDS[algorithm[:2]]
    looks_public = "-----BEGIN" in text or text.lstrip().startswith(("ssh-", "ecdsa-"))
    if kind is OctKey and (looks_public or len(text.encode()) < MIN_SECRET_BYTES):
        # A public key is no secret: everybody who knows it could sign.
        raise BadKey(f"{algorithm} needs a secret of at least {MIN_SECRET_BYTES} bytes, not a public key.")
    try:
        key = kind.import_key(text)
    except (JoseError, ValueError, TypeError) as exc:
        raise BadKey(f"The key does not fit {algorithm}.") from exc
    if not _fits(key, algorithm):
        raise BadKey(f"The key does not fit {algorithm}, or is too short.")
    return key


def _import_row(row: Any, algorithm: str) -> Key | None:
    """A key of a set; None for another purpose or algorithm, and for a secret, which nobody publishes."""
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
