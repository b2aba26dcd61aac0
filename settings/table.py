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
    """The machine's name in the form of HOST_NAME; a container's id has that form, too."""
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
        "The watched broker, or several addresses as in Celery: `amqp://a;amqp://b`. Not set: queues, worker "
        "and broker show as disabled.",
        secret=True,
    )
    watched_broker_options: BrokerOptions = setting(
        forms.BROKER_OPTIONS,
        lambda _above: BrokerOptions(),
        "The watched application's `broker_transport_options`, as JSON; they determine its keys on Redis.",
    )
    rabbitmq_management_url: str | None = setting(
        forms.MANAGEMENT_URL,
        None,
        "RabbitMQ's management API, which adds alarms, rates and the discovery of queues. Not set: the panel "
        "does without.",
        secret=True,
    )
    watched_database_url: str | None = setting(
        forms.DATABASE_URL, None, "The watched database. Not set: the panel's own.", secret=True
    )
    watched_queues: tuple[str, ...] = setting(
        forms.NAMES,
        ("dispatch",),
        "The watched queues. `*`: every queue that holds work, found through the management API.",
    )
    watched_ca_certificates: str | None = setting(
        forms.CERTIFICATES,
        None,
        "A PEM file with the CAs that sign the certificates of `amqps://`, `rediss://`, `https://` above. "
        "Not set: the system's CAs.",
    )
    ask_workers: bool = setting(
        forms.BOOLEAN,
        True,
        "Whether to ask Celery's workers which queues they consume and what they do. The panel publishes nothing else.",
    )
    stuck_after_s: float = setting(
        forms.number(10, 3600),
        60.0,
        "How long messages may wait without one leaving until it is a standstill. Longer than your longest usual task.",
        unit="s",
    )
    listen_to_events: bool = setting(
        forms.BOOLEAN,
        True,
        "Whether to listen to the events that Celery's workers and senders publish on the watched broker.",
    )
    watched_event_exchange: str = setting(
        forms.EXCHANGE, "celeryev", "The watched application's `event_exchange`, where these events are published."
    )
    monitor_host: str = setting(
        forms.HOST_NAME, own_host_name, "This host's name on the page and in the name of its tick queue."
    )
    host_proc: Path | None = setting(
        forms.DIRECTORY,
        None,
        "Where the machine's /proc is mounted, if the container's own does not show the machine.",
    )
    monitor_container: str | None = setting(
        forms.HOST_NAME,
        None,
        "The name under which web and beat report their own container's CPU and RAM. Not set: they do not report it.",
    )
    sample_interval_s: float = setting(forms.number(0.03, 60), 3.0, "Time between two samples.", unit="s")
    history_days: int = setting(forms.integer(1, 366), 30, "The panel deletes history older than this.", unit="days")
    bind_address: str = setting(forms.TEXT, "127.0.0.1", "The address that the web process listens on.")
    port: int = setting(forms.integer(1, 65535), 8000, "The port that the web process listens on.")
    monitor_admin_email: str = setting(
        forms.EMAIL, "admin@localhost", "The first super_admin, whom the first `make run` creates."
    )
    monitor_admin_password: str | None = setting(
        forms.PASSWORD,
        None,
        "That account's password, for an unattended first start; no process keeps it afterwards. Not set: "
        "`make run` makes one and prints it.",
        secret=True,
    )
    session_idle_minutes: float = setting(
        forms.number(1, 10_080),
        30.0,
        "A login ends after this time without a key, a touch or a page load. A screen on a wall needs more.",
        unit="min",
    )
    session_hours: float = setting(forms.number(0.1, 168), 12.0, "A login ends after this time in any case.", unit="h")
    max_sessions_per_user: int = setting(
        forms.integer(1, 1000), 10, "How many logins a user may have at once. One more ends the oldest."
    )
    trusted_proxies: int = setting(
        forms.integer(0, 9),
        0,
        "How many proxies in front of the web process to trust for `X-Forwarded-For`: 1 behind your nginx.",
    )
    trusted_hosts: tuple[str, ...] | None = setting(
        forms.HOST_NAMES,
        None,
        "The names under which browsers may ask for the panel. Not set: addresses and names without a dot; "
        "behind TLS, all names.",
    )
    audit_days: int = setting(
        forms.integer(1, 3650), 90, "How long the panel keeps the audit of logins and refusals.", unit="d"
    )
    secure_cookies: bool = setting(
        forms.BOOLEAN,
        False,
        "Set to true behind TLS: browsers then send the cookies over HTTPS only, under a `__Host-` name.",
    )
    monitor_local_login: bool = setting(
        forms.BOOLEAN,
        True,
        "Whether users may sign in with a password. `false` leaves single sign-on as the only way in.",
    )
    require_second_factor: bool = setting(
        forms.BOOLEAN, False, "Whether everybody needs a code from an authenticator app besides the password."
    )
    monitor_oidc_issuer: str | None = setting(
        forms.ISSUER, None, "The OpenID provider for single sign-on, as it names itself. Not set: none."
    )
    monitor_oidc_client_id: str | None = setting(forms.TEXT, None, "The panel's client id at the provider.")
    monitor_oidc_client_secret: str | None = setting(
        forms.TEXT, None, "The panel's client secret at the provider. Not set: a public client.", secret=True
    )
    monitor_oidc_redirect_url: str | None = setting(
        forms.CALLBACK_URL, None, "Where the provider sends the browser back to, exactly as registered there."
    )
    monitor_oidc_scopes: str = setting(forms.TEXT, "openid email", "The scopes that the panel asks the provider for.")
    monitor_oidc_algorithm: str = setting(
        forms.OIDC_ALGORITHM, "RS256", "The algorithm with which the provider signs its ID tokens."
    )
    monitor_oidc_role_claim: str = setting(
        forms.CLAIM, "role", "The claim of the ID token that grants the role: a text or a list."
    )
    monitor_oidc_role_value: str = setting(forms.TEXT, "super_admin", "The value that this claim must have, exactly.")
    monitor_oidc_acr: tuple[str, ...] | None = setting(
        forms.WORDS, None, "The ID token's `acr` must be one of these. Not set: any."
    )
    monitor_oidc_amr: tuple[str, ...] | None = setting(
        forms.WORDS, None, "The ID token's `amr` must contain all of these, such as `mfa`. Not set: any."
    )
    monitor_jwt_issuer: str | None = setting(
        forms.TOKEN_ISSUER,
        None,
        "The `iss` of your backend's tokens, which `POST /login/token` exchanges for a session. Not set: none.",
    )
    monitor_jwt_audience: str = setting(forms.TEXT, "zapvoice-monitor", "The one `aud` that such a token must name.")
    monitor_jwt_algorithm: str = setting(
        forms.JWT_ALGORITHM, "RS256", "The algorithm with which your backend signs its tokens."
    )
    monitor_jwt_key: str | None = setting(
        forms.TEXT,
        None,
        "The key that verifies them: a PEM, a JWKS, or the secret of HS256 with at least 32 bytes.",
        secret=True,
    )
    monitor_jwt_jwks_url: str | None = setting(
        forms.SIGN_ON_URL, None, "Where your backend publishes its keys, instead of a key."
    )
    monitor_jwt_role_claim: str = setting(forms.CLAIM, "role", "The claim that must say `super_admin`, exactly.")
    monitor_jwt_type: str = setting(forms.TEXT, "JWT", "The `typ` in their header, such as `at+jwt`.")
    monitor_jwt_origin: str | None = setting(
        forms.ORIGIN, None, "The site whose pages may post such a token here by a form. Not set: no other site."
    )
    max_streams: int = setting(forms.integer(1, 100_000), 1000, "How many streams a web process serves at most.")
    max_streams_per_user: int = setting(
        forms.integer(1, 100_000), 4, "How many streams one user may hold in a web process."
    )
    max_stream_minutes: float = setting(
        forms.number(0.05, 1440),
        15.0,
        "After this time a stream must reconnect, which checks its access again.",
        unit="min",
    )
    log_level: str = setting(forms.LOG_LEVEL, "INFO", "The least severe level that the processes write to their logs.")

    def __repr__(self) -> str:
        shown = (f"{row.name}={getattr(self, row.name)!r}" for row in fields(self) if not row.metadata["secret"])
        return f"Settings({', '.join(shown)})"
