"""OpenID Connect: authorization code flow with PKCE, state and nonce. Speaks to the provider alone.

Authlib builds the requests and reads the answers, joserfc checks the ID token (app.auth.jwt). Both are imported only
where a provider is configured: they cost some 15 MiB.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.client import OAuth2Client

from app.accounts.identities import Assertion
from app.auth.http_json import CachedDocument, RemoteUnavailable, Reply, exchange, fetch, is_safe_url
from app.auth.jwks import PublishedKeys
from app.auth.jwt import BadToken, Expected, Verifier, grants, is_same

ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, kw_only=True)
class OidcClient:
    """Our registration at the provider, and what its ID token must say for a login."""

    issuer: str
    client_id: str
    client_secret: str | None
    redirect_url: str
    scopes: str = "openid email"
    algorithm: str = "RS256"
    role_claim: str = "role"
    role_value: str = "super_admin"
    acr: tuple[str, ...] = ()
    """The ID token's `acr` must be one of these; empty: any."""
    amr: tuple[str, ...] = ()
    """The ID token's `amr` must hold all of these."""


@dataclass(frozen=True)
class Authorization:
    """An authorization request: its URL at the provider, and what the answer must match."""

    url: str
    state: str
    nonce: str
    verifier: str


class OidcProvider:
    """One configured provider. Safe to share between greenlets."""

    def __init__(self, client: OidcClient) -> None:
        self._client = client
        self._discovered = CachedDocument(self._discover)

    def start_login(self) -> Authorization:
        """Make an authorization request for a browser. Raises: RemoteUnavailable."""
        metadata, _ = self._discovered.get()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        extra = {"acr_values": " ".join(self._client.acr)} if self._client.acr else {}
        url, _ = self._oauth2(metadata).create_authorization_url(
            metadata["authorization_endpoint"], state=state, code_verifier=verifier, nonce=nonce, **extra
        )
        return Authorization(url, state, nonce, verifier)

    def finish_login(self, state: str, nonce: str, verifier: str, answer: Mapping[str, str]) -> Assertion:
        """Who the user is, by `answer`, the callback's parameters. Raises: BadToken, RemoteUnavailable."""
        metadata, tokens = self._discovered.get()
        if not is_same(answer.get("state"), state):
            raise BadToken("the state is not the one that was sent")
        # `iss` names the provider that answers (RFC 9207). A provider that promises it must always send it.
        wants_iss = metadata.get("authorization_response_iss_parameter_supported") is True
        if ("iss" in answer or wants_iss) and answer.get("iss") != self._client.issuer:
            raise BadToken("the answer comes from another provider")
        if "code" not in answer:
            raise BadToken(f"the provider refused: {answer.get('error', '')[:40]!r}")
        claims = tokens.verify(self._redeem(metadata, answer["code"], verifier))
        self._check(claims, nonce)
        return self._assert(claims)

    def _redeem(self, metadata: Mapping[str, Any], code: str, verifier: str) -> str:
        try:
            answer = self._oauth2(metadata).fetch_token(
                metadata["token_endpoint"], grant_type="authorization_code", code=code, code_verifier=verifier
            )
        except OAuth2Error as exc:
            raise BadToken(f"the provider did not accept the code: {str(exc)[:80]!r}") from exc
        except ValueError as exc:
            raise RemoteUnavailable("the token endpoint's answer is unreadable") from exc
        if not isinstance(answer.get("id_token"), str):
            raise BadToken("the provider sent no ID token")
        return str(answer["id_token"])

    def _check(self, claims: Mapping[str, Any], nonce: str) -> None:
        if not is_same(claims.get("nonce"), nonce):
            raise BadToken("the nonce is not the one that was sent")
        if claims.get("azp", self._client.client_id) != self._client.client_id:
            raise BadToken("the token was issued to another client")
        if self._client.acr and claims.get("acr") not in self._client.acr:
            raise BadToken("the `acr` is none of those required")
        methods = claims.get("amr")
        if not set(self._client.amr) <= {str(each) for each in (methods if isinstance(methods, list) else ())}:
            raise BadToken("the `amr` lacks a required method")

    def _assert(self, claims: Mapping[str, Any]) -> Assertion:
        email = claims.get("email") if claims.get("email_verified") is True else None
        return Assertion(
            issuer=self._client.issuer,
            subject=str(claims["sub"]),
            email=email if isinstance(email, str) else None,
            is_super_admin=grants(claims.get(self._client.role_claim), self._client.role_value, in_list=True),
        )

    def _oauth2(self, metadata: Mapping[str, Any]) -> OAuth2Client:
        methods = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        is_basic = "client_secret_basic" in methods
        secret = self._client.client_secret
        return OAuth2Client(
            _Session(),
            client_id=self._client.client_id,
            client_secret=quote_plus(secret) if secret and is_basic else secret,  # RFC 6749, 2.3.1.
            token_endpoint_auth_method=None if is_basic or not secret else "client_secret_post",
            scope=self._client.scopes,
            redirect_uri=self._client.redirect_url,
            code_challenge_method="S256",
        )

    def _discover(self) -> tuple[dict[str, Any], Verifier]:
        client = self._client
        metadata = fetch(f"{client.issuer.rstrip('/')}/.well-known/openid-configuration")
        if metadata.get("issuer") != client.issuer:
            raise RemoteUnavailable("the discovery document names another issuer")
        for name in ENDPOINTS:
            if not isinstance(metadata.get(name), str) or not is_safe_url(metadata[name]):
                raise RemoteUnavailable(f"the discovery document lacks {name}")
        expected = Expected(issuer=client.issuer, audience=client.client_id, algorithm=client.algorithm)
        return metadata, Verifier(expected, PublishedKeys(metadata["jwks_uri"], client.algorithm))


class _Session:
    """The HTTP client that Authlib uses; the library requests would bring four packages and 10 MiB."""

    def post(self, url: str, *, data: Mapping[str, str], headers: Mapping[str, str], auth: ClientAuth) -> Reply:
        url, headers, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        return exchange("POST", url, body=body, headers=headers)
