"""Rules across several settings. Imports nothing but the standard library and the forms of settings."""

from collections.abc import Mapping
from typing import Any

from settings.broker_url import is_amqp
from settings.forms import ALL_QUEUES


def faults_together(values: Mapping[str, Any]) -> list[str]:
    """Returns a sentence for each broken rule. `values`: the parsed values by their rows' names."""
    if values["watched_queues"] == (ALL_QUEUES,) and not _can_discover(values):
        return ["WATCHED_QUEUES=* needs RABBITMQ_MANAGEMENT_URL, and WATCHED_BROKER_URL to be amqp://… or amqps://…."]
    return _sign_on_faults(values)


def _sign_on_faults(values: Mapping[str, Any]) -> list[str]:
    """Sentences about a half-configured way in."""
    oidc = [values[f"monitor_oidc_{name}"] for name in ("issuer", "client_id", "redirect_url")]
    faults = []
    if any(oidc) and not all(oidc):
        faults.append("MONITOR_OIDC_ISSUER, MONITOR_OIDC_CLIENT_ID and MONITOR_OIDC_REDIRECT_URL are needed together.")
    key, url = values["monitor_jwt_key"], values["monitor_jwt_jwks_url"]
    if (key or url) and not values["monitor_jwt_issuer"]:
        faults.append("MONITOR_JWT_KEY and MONITOR_JWT_JWKS_URL need MONITOR_JWT_ISSUER.")
    if values["monitor_jwt_issuer"] and bool(key) == bool(url):
        faults.append("MONITOR_JWT_ISSUER needs one of MONITOR_JWT_KEY and MONITOR_JWT_JWKS_URL.")
    if url and values["monitor_jwt_algorithm"].startswith("HS"):
        faults.append("MONITOR_JWT_ALGORITHM by HMAC needs MONITOR_JWT_KEY: a secret is not published.")
    if not values["monitor_local_login"] and not all(oidc) and not values["monitor_jwt_issuer"]:
        faults.append("MONITOR_LOCAL_LOGIN=false leaves no way in: set MONITOR_OIDC_… or MONITOR_JWT_….")
    return faults


def _can_discover(values: Mapping[str, Any]) -> bool:
    """Only RabbitMQ can tell its queues; on Redis a key that is a list may be anything."""
    return values["rabbitmq_management_url"] is not None and is_amqp(values["watched_broker_url"] or "")
