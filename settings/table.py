"""Every setting in one table: name, type, default, unit, help.

A setting is the environment variable of its upper-case name; `loading` reads them. Imports nothing but the standard
library.
"""

import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from settings import embedded_redis, forms
from settings.broker_options import BrokerOptions
from settings.forms import setting

ROOT = Path(__file__).resolve().parent.parent


def own_host_name(_above: Mapping[str, Any] | None = None) -> str:
    """The machine's name in the form that HOST_NAME wants, which a container's id also has."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", socket.gethostname())[:63] or "host"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The table. Secrets do not show in its repr."""

    secret_key: str | None = setting(
        forms.SECRET_KEY,
        None,
        "Signs the forms' CSRF tokens. The web process refuses to start without it.",
        secret=True,
    )
    monitor_data_dir: Path = setting(
        forms.DIRECTORY, lambda _above: ROOT / "var", "Where `make run` keeps its data, logs and generated secrets."
    )
    redis_url: str = setting(
        forms.REDIS_URL,
        embedded_redis.default_url,
        "The panel's own Redis: samples, and the broker of its jobs.",
        secret=True,
    )
    database_url: str = setting(
        forms.DATABASE_URL,
        lambda above: f"sqlite:///{above.get('monitor_data_dir', ROOT) / 'monitor.sqlite3'}",
        "The panel's own database: users, sessions, tokens, history.",
        secret=True,
    )
    watched_broker_url: str | None = setting(
        forms.BROKER_URL,
        None,
        "The broker that is watched; several addresses as in Celery, `amqp://a;amqp://b`. Not set: queues, worker and "
        "broker show as disabled.",
        secret=True,
    )
    watched_broker_options: BrokerOptions = setting(
        forms.BROKER_OPTIONS,
        lambda _above: BrokerOptions(),
        "The watched application's `broker_transport_options`, as JSON: Redis keys are spelled by them.",
    )
    rabbitmq_management_url: str | None = setting(
        forms.MANAGEMENT_URL,
        None,
        "RabbitMQ's management API: adds alarms, rates and the discovery of queues. Not set: done without.",
        secret=True,
    )
    watched_database_url: str | None = setting(
        forms.DATABASE_URL, None, "The database that is watched. Not set: the panel's own.", secret=True
    )
    watched_queues: tuple[str, ...] = setting(
        forms.NAMES, ("dispatch",), "The queues that are watched. `*`: all that hold work, found by the management API."
    )
    watched_ca_certificates: str | None = setting(
        forms.CERTIFICATES,
        None,
        "A PEM file: who signs the certificates of `amqps://`, `rediss://`, `https://` above. Not set: the system's.",
    )
    ask_workers: bool = setting(
        forms.BOOLEAN,
        True,
        "Ask Celery's workers which queues they consume: all that is ever sent to the watched broker.",
    )
    monitor_host: str = setting(forms.HOST_NAME, own_host_name, "This host's name on the page and of its stats queue.")
    host_proc: Path | None = setting(
        forms.DIRECTORY,
        None,
        "Where the machine's /proc is mounted, when the container's own does not show the machine.",
    )
    container_name: str | None = setting(
        forms.HOST_NAME,
        None,
        "Name under which web and beat report their own container's CPU and RAM. Not set: they do not.",
    )
    sample_interval_s: float = setting(forms.number(0.03, 60), 3.0, "Time between two samples.", unit="s")
    history_days: int = setting(forms.integer(1, 366), 30, "History older than this is deleted.", unit="days")
    bind_address: str = setting(forms.TEXT, "127.0.0.1", "The address the web process listens on.")
    port: int = setting(forms.integer(1, 65535), 8000, "The port the web process listens on.")
    monitor_admin_email: str = setting(
        forms.EMAIL, "admin@localhost", "The first super_admin, created by the first `make run`."
    )
    monitor_admin_password: str | None = setting(
        forms.PASSWORD,
        None,
        "That account's password, for an unattended first start, after which no process has it. Not set: one is made "
        "and printed.",
        secret=True,
    )
    session_idle_minutes: float = setting(
        forms.number(1, 10_080),
        30.0,
        "A login ends after so long without a key, a touch or a page load. A screen on a wall needs more.",
        unit="min",
    )
    session_hours: float = setting(forms.number(0.1, 168), 12.0, "A login ends after this time in any case.", unit="h")
    max_sessions_per_user: int = setting(
        forms.integer(1, 1000), 10, "Logins one user may have at once. The next one ends the oldest."
    )
    trusted_proxies: int = setting(
        forms.integer(0, 9),
        0,
        "Proxies in front of the web process whose `X-Forwarded-For` is believed: 1 behind your nginx.",
    )
    trusted_hosts: tuple[str, ...] | None = setting(
        forms.HOST_NAMES,
        None,
        "Names that the panel may be asked for under. Not set: addresses and names without a dot; behind TLS all.",
    )
    audit_days: int = setting(
        forms.integer(1, 3650), 90, "How long the audit of logins and refusals is kept.", unit="d"
    )
    secure_cookies: bool = setting(
        forms.BOOLEAN, False, "Set to true behind TLS: cookies are then sent over HTTPS only, under a `__Host-` name."
    )
    monitor_local_login: bool = setting(
        forms.BOOLEAN, True, "Whether passwords open the panel. `false` leaves single sign-on as the only way in."
    )
    require_second_factor: bool = setting(
        forms.BOOLEAN, False, "Whether a password alone is not enough: a code of an authenticator app is asked for too."
    )
    monitor_oidc_issuer: str | None = setting(
        forms.ISSUER, None, "The OpenID provider for single sign-on, as it names itself. Not set: there is none."
    )
    monitor_oidc_client_id: str | None = setting(forms.TEXT, None, "Our client id at the provider.")
    monitor_oidc_client_secret: str | None = setting(
        forms.TEXT, None, "Our client secret at the provider. Not set: a public client.", secret=True
    )
    monitor_oidc_redirect_url: str | None = setting(
        forms.CALLBACK_URL, None, "Where the provider sends the browser back to, exactly as it is registered there."
    )
    monitor_oidc_scopes: str = setting(forms.TEXT, "openid email", "What the provider is asked for.")
    monitor_oidc_algorithm: str = setting(forms.OIDC_ALGORITHM, "RS256", "How the provider signs its ID tokens.")
    monitor_oidc_role_claim: str = setting(
        forms.CLAIM, "role", "The ID token's claim that grants the role: a text or a list."
    )
    monitor_oidc_role_value: str = setting(forms.TEXT, "super_admin", "What that claim must say, exactly.")
    monitor_oidc_acr: tuple[str, ...] | None = setting(
        forms.WORDS, None, "One of these must be the ID token's `acr`. Not set: any."
    )
    monitor_oidc_amr: tuple[str, ...] | None = setting(
        forms.WORDS, None, "All of these must be in the ID token's `amr`, such as `mfa`. Not set: any."
    )
    monitor_jwt_issuer: str | None = setting(
        forms.TOKEN_ISSUER,
        None,
        "The `iss` of your backend's tokens, which `POST /login/token` exchanges for a session. Not set: none.",
    )
    monitor_jwt_audience: str = setting(
        forms.TEXT, "zapvoice-monitor", "The `aud` that such a token must name, and no other."
    )
    monitor_jwt_algorithm: str = setting(forms.JWT_ALGORITHM, "RS256", "How your backend signs them.")
    monitor_jwt_key: str | None = setting(
        forms.TEXT,
        None,
        "What they are checked with: a PEM, a JWKS, or the secret of HS256, at least 32 bytes.",
        secret=True,
    )
    monitor_jwt_jwks_url: str | None = setting(
        forms.SIGN_ON_URL, None, "Where their keys are published, in place of a key."
    )
    monitor_jwt_role_claim: str = setting(forms.CLAIM, "role", "Their claim that must say `super_admin`, exactly.")
    monitor_jwt_type: str = setting(forms.TEXT, "JWT", "Their header's `typ`, such as `at+jwt`.")
    monitor_jwt_origin: str | None = setting(
        forms.ORIGIN, None, "The site whose pages may post such a token here by a form. Not set: no other site's."
    )
    max_streams: int = setting(forms.integer(1, 100_000), 1000, "Open streams a web process serves at most.")
    max_streams_per_user: int = setting(
        forms.integer(1, 100_000), 4, "Open streams one user may hold in a web process."
    )
    max_stream_minutes: float = setting(
        forms.number(0.05, 1440), 15.0, "Age at which a stream is sent round and asks for access anew.", unit="min"
    )
    log_level: str = setting(forms.LOG_LEVEL, "INFO", "What the processes write to their logs.")

    def __repr__(self) -> str:
        shown = (f"{row.name}={getattr(self, row.name)!r}" for row in fields(self) if not row.metadata["secret"])
        return f"Settings({', '.join(shown)})"
