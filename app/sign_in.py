"""The login methods and their steps, put together from the settings. What is not configured is not imported."""

import secrets

from flask import Flask
from sqlalchemy import Engine

from app.accounts.accounts import Accounts
from app.accounts.encryption import Cipher
from app.accounts.identities import Identities
from app.accounts.second_factors import SecondFactors
from app.auth import initial_password, login_steps
from app.auth.context import LoginMethods
from app.auth.login_steps import LoginSteps
from app.pages import account, second_factor
from settings import Settings


def init_app(app: Flask, settings: Settings, engine: Engine, accounts: Accounts) -> LoginMethods:
    """Add their views. Raises: BadKey when a configured key does not fit its algorithm."""
    # Commands run without a secret key. They decrypt nothing, so any key will do.
    secret_key = settings.secret_key or secrets.token_hex()
    identities = Identities(engine, accounts)
    factors = SecondFactors(engine, Cipher(secret_key, "second factor"), accounts.sessions)
    app.extensions["second_factors"] = factors
    steps = LoginSteps(factors, identities, secret_key, required=settings.require_second_factor)
    app.register_blueprint(login_steps.make_blueprint(steps))
    app.register_blueprint(initial_password.make_blueprint(steps))
    app.register_blueprint(second_factor.make_blueprint(steps))
    app.register_blueprint(account.make_blueprint(steps))
    if settings.monitor_oidc_issuer:
        _add_oidc(app, settings, identities, secret_key)
    if settings.monitor_jwt_issuer:
        _add_exchange(app, settings, identities)
    return LoginMethods(
        password=settings.monitor_local_login,
        oidc=settings.monitor_oidc_issuer is not None,
        next_step=steps.after_password,
    )


def _add_oidc(app: Flask, settings: Settings, identities: Identities, secret_key: str) -> None:
    from app.auth import oidc_views  # noqa: PLC0415  Authlib and joserfc: see docs/decisions/0016.
    from app.auth.oidc import OidcClient, OidcProvider  # noqa: PLC0415

    client = OidcClient(
        issuer=settings.monitor_oidc_issuer or "",
        client_id=settings.monitor_oidc_client_id or "",
        client_secret=settings.monitor_oidc_client_secret,
        redirect_url=settings.monitor_oidc_redirect_url or "",
        scopes=settings.monitor_oidc_scopes,
        algorithm=settings.monitor_oidc_algorithm,
        role_claim=settings.monitor_oidc_role_claim,
        role_value=settings.monitor_oidc_role_value,
        acr=settings.monitor_oidc_acr or (),
        amr=settings.monitor_oidc_amr or (),
    )
    app.register_blueprint(oidc_views.make_blueprint(OidcProvider(client), identities, secret_key))


def _add_exchange(app: Flask, settings: Settings, identities: Identities) -> None:
    from app.auth import token_exchange  # noqa: PLC0415  joserfc: see docs/decisions/0016.
    from app.auth.jwks import FixedKeys, PublishedKeys  # noqa: PLC0415
    from app.auth.jwt import Expected, Verifier  # noqa: PLC0415

    algorithm, url = settings.monitor_jwt_algorithm, settings.monitor_jwt_jwks_url
    keys = PublishedKeys(url, algorithm) if url else FixedKeys(settings.monitor_jwt_key or "", algorithm)
    expected = Expected(
        issuer=settings.monitor_jwt_issuer or "",
        audience=settings.monitor_jwt_audience,
        algorithm=algorithm,
        type=settings.monitor_jwt_type,
        foreign_claims=token_exchange.ID_TOKEN_CLAIMS,
    )
    exchange = token_exchange.Exchange(
        issuer=expected.issuer,
        verifier=Verifier(expected, keys),
        role_claim=settings.monitor_jwt_role_claim,
        origin=settings.monitor_jwt_origin,
    )
    app.register_blueprint(token_exchange.make_blueprint(exchange, identities))
