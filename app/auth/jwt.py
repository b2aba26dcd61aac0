"""Signed tokens (JWT) of others: whether one is what it must be to be believed. Knows no user and no HTTP.

One algorithm and one kind of key, both configured; the token has no say in either. Each refusal below is a test.
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
"""How far two clocks may be apart."""

MAX_LIFE_S = 31 * 86_400
"""Longest time between `iat` and `exp`: what opens a door does not do so for ever."""

MAX_TEXT = 8 * 1024
MAX_SUBJECT = 255

KNOWN_HEADERS = frozenset({"alg", "typ", "kid", "x5t", "x5t#S256"})
"""Any other one makes the token refused: `jwk`, `jku`, `x5u`, `x5c` bring keys along, `crit` demands what we cannot."""

_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_FAULTS = (JoseError, ValueError, TypeError, AttributeError, KeyError, RecursionError)
"""What hostile text makes the parsers raise."""


class BadToken(MonitorError):
    """The token is not to be believed; the message says why, for the log and never for the sender."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What a token must say."""

    issuer: str
    audience: str
    algorithm: str
    type: str = "JWT"
    """Its header's `typ`; a token without one is a `JWT` (RFC 8725, 3.11)."""
    foreign_claims: frozenset[str] = frozenset()
    """Claims that give away a token made for something else."""


class Verifier:
    """Tells the claims of a token to be believed."""

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
        """The claims: `iss`, `aud`, `sub`, `exp` and `iat` among them. Raises: BadToken, RemoteUnavailable."""
        if len(text) > MAX_TEXT or not _COMPACT.fullmatch(text):
            raise BadToken("this is no compact JWS")
        try:
            header = dict(jws.extract_compact(text.encode(), registry=self._registry).headers())
        except _FAULTS as exc:
            raise BadToken("this is no JWS") from exc
        self._check_header(header)
        key = self._keys.find(header.get("kid"))
        if key is None:
            raise BadToken("nobody we know has such a key")
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
            raise BadToken("another algorithm than the configured one")
        kid, kind = header.get("kid"), header.get("typ", "JWT")
        if not (kid is None or isinstance(kid, str)) or not isinstance(kind, str):
            raise BadToken("a header of another type")
        if kind.lower().removeprefix("application/") != self._expected.type.lower():
            raise BadToken("a token of another type")

    def _check_claims(self, claims: dict[str, Any]) -> None:
        """What joserfc leaves open: it takes a list of audiences as long as ours is among them."""
        if claims["aud"] not in (self._expected.audience, [self._expected.audience]):
            raise BadToken("meant for others too")
        if claims["exp"] - claims["iat"] > MAX_LIFE_S:
            raise BadToken("good for too long")
        if not claims["sub"].isprintable() or len(claims["sub"]) > MAX_SUBJECT:
            raise BadToken("a subject that cannot be one")
        if foreign := claims.keys() & self._expected.foreign_claims:
            raise BadToken(f"made for something else: {sorted(foreign)}")


def is_same(one: object, other: str) -> bool:
    """Whether a claim is exactly that text, in a time that tells nothing."""
    return isinstance(one, str) and hmac.compare_digest(one.encode(errors="replace"), other.encode())


def grants(value: object, wanted: str, *, in_list: bool) -> bool:
    """Whether a role claim says exactly `wanted`; in_list: or is a list of texts of which one does."""
    if isinstance(value, list) and in_list:
        return any(isinstance(each, str) and each == wanted for each in value)
    return isinstance(value, str) and value == wanted
