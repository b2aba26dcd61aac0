"""Keys that check signatures: a configured key or set, or a set that its owner publishes and rotates (JWKS).

Only keys for the configured algorithm are used; others in a set are skipped. A token can only choose among them by
`kid`: no header of it supplies a key or says where one is.
"""

import json
from collections.abc import Sequence
from typing import Any, Protocol

from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key, RSAKey
from joserfc.jws import JWSRegistry

from app.auth.http_json import CachedDocument, fetch
from store.errors import MonitorError

MIN_RSA_BITS = 2048
MIN_SECRET_BYTES = 32
"""Of an HMAC key (RFC 7518, 3.2)."""

_FAULTS = (JoseError, ValueError, TypeError, KeyError)
"""What joserfc raises on a key that it cannot read, or that is for something else."""


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
    """The keys of a JWKS (its `keys`) that `algorithm` can use; never a secret, which nobody publishes."""
    if not isinstance(rows, list) or _is_secret(algorithm):
        return []
    return [key for row in rows if (key := _import_row(row, algorithm)) is not None]


def _pick(keys: Sequence[Key], kid: str | None) -> Key | None:
    """Not by joserfc's KeySet, which takes the first of two keys of one name."""
    fitting = [key for key in keys if kid is None or key.kid == kid]
    return fitting[0] if len(fitting) == 1 else None


def _import_set(text: str, algorithm: str) -> list[Key]:
    try:
        return usable_keys(json.loads(text).get("keys"), algorithm)
    except ValueError as exc:
        raise BadKey("The key starts like a JWKS but is none.") from exc


def _import_one(text: str, algorithm: str) -> Key:
    if _is_secret(algorithm) and ("-----BEGIN" in text or len(text.encode()) < MIN_SECRET_BYTES):
        raise BadKey(f"{algorithm} needs a secret of at least {MIN_SECRET_BYTES} bytes, not a key of another kind.")
    try:
        return _import(text, algorithm)
    except _FAULTS as exc:
        raise BadKey(f"The key does not fit {algorithm}, or is too short.") from exc


def _import_row(row: Any, algorithm: str) -> Key | None:
    """A key of a set; None when it is for another purpose or algorithm. One such key must not cost the others."""
    try:
        return _import(row, algorithm) if isinstance(row, dict) else None
    except _FAULTS:
        return None


def _import(material: Any, algorithm: str) -> Key:
    """A key that fits: joserfc checks kind, curve, `use` and `alg`. Raises: one of _FAULTS."""
    scheme = JWSRegistry(algorithms=[algorithm]).get_alg(algorithm)
    key = JWKRegistry.import_key(material, scheme.key_type if isinstance(material, str) else None)
    scheme.check_key(key)
    if isinstance(key, RSAKey) and key.raw_value.key_size < MIN_RSA_BITS:
        raise ValueError(f"fewer than {MIN_RSA_BITS} bits")
    return key


def _is_secret(algorithm: str) -> bool:
    return algorithm.startswith("HS")
