"""Verifies JSON Web Tokens that other systems have signed. Knows no user and no HTTP.

The algorithm and the kind of key are configured; the token has no say in either. A test covers each refusal.
"""

import hmac
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry
from joserfc.jwt import JWTClaimsRegistry

from app.auth.jwks import KeySource
from store.errors import MonitorError

LEEWAY_S = 30
"""How far two clocks may be apart (s)."""

MAX_LIFE_S = 31 * 86_400
"""Longest time between `iat` and `exp` (s)."""

MAX_TEXT = 8 * 1024
MAX_SUBJECT = 255

KNOWN_HEADERS = frozenset({"alg", "typ", "kid", "x5t", "x5t#S256"})
"""Any other header gets a token refused: `jwk`, `jku`, `x5u`, `x5c` supply keys, `crit` demands extensions."""

_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_FAULTS = (JoseError, ValueError, TypeError, AttributeError, KeyError, RecursionError)
"""What the parsers raise on hostile text."""


class BadToken(MonitorError):
    """The token is refused. The message says why, for the log and never for the sender."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What a token must claim."""

    issuer: str
    audience: str
    algorithm: str
    type: str = "JWT"
    """The header `typ`; a token without one is a `JWT` (RFC 8725, 3.11)."""
    foreign_claims: frozenset[str] = frozenset()
    """Claims that only tokens for another purpose have."""


class Verifier:
    """Verifies tokens and reads their claims."""

    def __init__(self, expected: Expected, keys: KeySource, clock: Callable[[], float] = time.time) -> None:
        self._expected = expected
        self._keys = keys
        self._registry = JWSRegistry(algorithms=[expected.algorithm])
        self._claims = JWTClaimsRegistry(
            now=lambda: int(clock()),
            leeway=LEEWAY_S,
            iss={"essential": True, "value": expected.issuer},
            aud={"essential": True, "value": expected.audience},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        )

    def verify(self, text: str) -> dict[str, Any]:
        """The claims of a valid token; has `iss`, `aud`, `sub`, `exp`, `iat`. Raises: BadToken, RemoteUnavailable."""
        if len(text) > MAX_TEXT or not _COMPACT.fullmatch(text):
            raise BadToken("not a compact JWS")
        try:
            header = dict(jws.extract_compact(text.encode(), registry=self._registry).headers())
        except _FAULTS as exc:
            raise BadToken("not a JWS") from exc
        self._check_header(header)
        key = self._keys.find(header.get("kid"))
        if key is None:
            raise BadToken("no known key has this `kid`")
        try:
            token = jwt.decode(text, key, algorithms=[self._expected.algorithm], registry=self._registry)
            self._claims.validate(token.claims)
        except _FAULTS as exc:
            raise BadToken(f"{type(exc).__name__}: {exc}") from exc
        self._check_claims(token.claims)
        return token.claims

    def _check_header(self, header: dict[str, Any]) -> None:
        if unknown := header.keys() - KNOWN_HEADERS:
            raise BadToken(f"unknown headers: {sorted(unknown)}")
        if header.get("alg") != self._expected.algorithm:
            raise BadToken("not the configured algorithm")
        kid, kind = header.get("kid"), header.get("typ", "JWT")
        if not (kid is None or isinstance(kid, str)) or not isinstance(kind, str):
            raise BadToken("`kid` or `typ` is not a text")
        if kind.lower().removeprefix("application/") != self._expected.type.lower():
            raise BadToken("not the expected `typ`")

    def _check_claims(self, claims: dict[str, Any]) -> None:
        """Checks beyond joserfc's, which accepts a list of audiences if ours is among them."""
        if claims["aud"] not in (self._expected.audience, [self._expected.audience]):
            raise BadToken("it has other audiences too")
        if claims["exp"] - claims["iat"] > MAX_LIFE_S:
            raise BadToken("its lifetime is too long")
        if not claims["sub"].isprintable() or len(claims["sub"]) > MAX_SUBJECT:
            raise BadToken("its subject is too long or unprintable")
        if foreign := claims.keys() & self._expected.foreign_claims:
            raise BadToken(f"made for another purpose: {sorted(foreign)}")


def is_same(one: object, other: str) -> bool:
    """Whether a claim equals that text, compared in constant time."""
    return isinstance(one, str) and hmac.compare_digest(one.encode(errors="replace"), other.encode())


def grants(value: object, wanted: str, *, in_list: bool) -> bool:
    """Whether a role claim equals `wanted`; in_list: or is a list that holds it."""
    if isinstance(value, list) and in_list:
        return any(isinstance(each, str) and each == wanted for each in value)
    return isinstance(value, str) and value == wanted
