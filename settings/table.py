"""Every knob in one table: name, type, default, unit, help. Read once from the environment, then frozen.

A setting is the environment variable of its upper-case name; an empty value counts as not set. A secret may also come
from a file named by `NAME_FILE`. All faults are reported together, each with the form that is expected. Only wiring
files call `load_settings`; everything else takes arguments. Imports nothing but the standard library.
"""

import os
import re
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NoReturn

from settings.addresses import FaultyAddressError
from settings.broker_options import BrokerOptions, FaultyOptionsError
from settings.forms import ALL_QUEUES as ALL_QUEUES  # noqa: PLC0414  Probes take it from here.
from settings.forms import (
    BOOLEAN,
    BROKER_OPTIONS,
    BROKER_URL,
    CALLBACK_URL,
    CERTIFICATES,
    CLAIM,
    DATABASE_URL,
    DIRECTORY,
    EMAIL,
    HOST_NAME,
    HOST_NAMES,
    ISSUER,
    JWT_ALGORITHM,
    LOG_LEVEL,
    MANAGEMENT_URL,
    NAMES,
    OIDC_ALGORITHM,
    ORIGIN,
    PASSWORD,
    REDIS_URL,
    SECRET_KEY,
    SIGN_ON_URL,
    TEXT,
    TOKEN_ISSUER,
    WORDS,
    integer,
    number,
    setting,
)
from settings.rules import faults_together

ROOT = Path(__file__).resolve().parent.parent
VERSION = "1.7.1"


class SettingsError(ValueError):
    """One or more settings are faulty; `faults` holds a sentence for each."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("\n".join(["Faulty settings:", *(f"  - {fault}" for fault in faults)]))


def embedded_redis_url(above: Mapping[str, Any]) -> str:
    """The Redis that `make run` has started in the data directory; where it has not, Redis' own default."""
    socket_path = above.get("monitor_data_dir", ROOT) / "redis.sock"
    return f"unix://{socket_path}?db=0" if socket_path.is_socket() else "redis://127.0.0.1:6379/0"


def own_host_name(_above: Mapping[str, Any] | None = None) -> str:
    """The machine's name in the form that HOST_NAME wants, which a container's id also has."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", socket.gethostname())[:63] or "host"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The table. Secrets do not show in its repr."""

    secret_key: str | None = setting(
        SECRET_KEY, None, "Signs the forms' CSRF tokens. The web process refuses to start without it.", secret=True
    )
    monitor_data_dir: Path = setting(
        DIRECTORY, lambda _above: ROOT / "var", "Where `make run` keeps its data, logs and generated secrets."
    )
    redis_url: str = setting(
        REDIS_URL,
        embedded_redis_url,
        "The panel's own Redis: samples, and the broker of its jobs.",
        secret=True,
    )
    database_url: str = setting(
        DATABASE_URL,
        lambda above: f"sqlite:///{above.get('monitor_data_dir', ROOT) / 'monitor.sqlite3'}",
        "The panel's own database: users, sessions, tokens, history.",
        secret=True,
    )
    monitored_broker_url: str | None = setting(
        BROKER_URL,
        None,
        "The broker that is watched; several addresses as in Celery, `amqp://a;amqp://b`. Not set: queues, worker and "
        "broker show as disabled.",
        secret=True,
    )
    watched_broker_options: BrokerOptions = setting(
        BROKER_OPTIONS,
        lambda _above: BrokerOptions(),
        "The watched application's `broker_transport_options`, as JSON: Redis keys are spelled by them.",
    )
    rabbitmq_management_url: str | None = setting(
        MANAGEMENT_URL,
        None,
        "RabbitMQ's management API: adds alarms, rates and the discovery of queues. Not set: done without.",
        secret=True,
    )
    monitored_database_url: str | None = setting(
        DATABASE_URL, None, "The database that is watched. Not set: the panel's own.", secret=True
    )
    watched_queues: tuple[str, ...] = setting(
        NAMES, ("dispatch",), "The queues that are watched. `*`: all that hold work, found by the management API."
    )
    watched_ca_certificates: str | None = setting(
        CERTIFICATES,
        None,
        "A PEM file: who signs the certificates of `amqps://`, `rediss://`, `https://` above. Not set: the system's.",
    )
    ask_workers: bool = setting(
        BOOLEAN, True, "Ask Celery's workers which queues they consume: all that is ever sent to the watched broker."
    )
    monitor_host: str = setting(HOST_NAME, own_host_name, "This host's name on the page and of its stats queue.")
    host_proc: Path | None = setting(
        DIRECTORY, None, "Where the machine's /proc is mounted, when the container's own does not show the machine."
    )
    report_as: str | None = setting(
        HOST_NAME, None, "Name under which web and beat report their own container's CPU and RAM. Not set: they do not."
    )
    sample_interval_s: float = setting(number(0.03, 60), 3.0, "Time between two samples.", unit="s")
    history_days: int = setting(integer(1, 366), 30, "History older than this is deleted.", unit="days")
    bind_address: str = setting(TEXT, "127.0.0.1", "The address the web process listens on.")
    port: int = setting(integer(1, 65535), 8000, "The port the web process listens on.")
    monitor_admin_email: str = setting(
        EMAIL, "admin@localhost", "The first super_admin, created by the first `make run`."
    )
    monitor_admin_password: str | None = setting(
        PASSWORD,
        None,
        "That account's password, for an unattended first start, after which no process has it. Not set: one is made "
        "and printed.",
        secret=True,
    )
    session_idle_minutes: float = setting(
        number(1, 10_080),
        30.0,
        "A login ends after so long without a key, a touch or a page load. A screen on a wall needs more.",
        unit="min",
    )
    session_hours: float = setting(number(0.1, 168), 12.0, "A login ends after this time in any case.", unit="h")
    max_sessions_per_user: int = setting(
        integer(1, 1000), 10, "Logins one user may have at once. The next one ends the oldest."
    )
    trusted_proxies: int = setting(
        integer(0, 9),
        0,
        "Proxies in front of the web process whose `X-Forwarded-For` is believed: 1 behind your nginx.",
    )
    trusted_hosts: tuple[str, ...] | None = setting(
        HOST_NAMES,
        None,
        "Names that the panel may be asked for under. Not set: addresses and names without a dot; behind TLS all.",
    )
    audit_days: int = setting(integer(1, 3650), 90, "How long the audit of logins and refusals is kept.", unit="d")
    secure_cookies: bool = setting(
        BOOLEAN, False, "Set to true behind TLS: cookies are then sent over HTTPS only, under a `__Host-` name."
    )
    monitor_local_login: bool = setting(
        BOOLEAN, True, "Whether passwords open the panel. `false` leaves single sign-on as the only way in."
    )
    require_second_factor: bool = setting(
        BOOLEAN, False, "Whether a password alone is not enough: a code of an authenticator app is asked for too."
    )
    monitor_oidc_issuer: str | None = setting(
        ISSUER, None, "The OpenID provider for single sign-on, as it names itself. Not set: there is none."
    )
    monitor_oidc_client_id: str | None = setting(TEXT, None, "Our client id at the provider.")
    monitor_oidc_client_secret: str | None = setting(
        TEXT, None, "Our client secret at the provider. Not set: a public client.", secret=True
    )
    monitor_oidc_redirect_url: str | None = setting(
        CALLBACK_URL, None, "Where the provider sends the browser back to, exactly as it is registered there."
    )
    monitor_oidc_scopes: str = setting(TEXT, "openid email", "What the provider is asked for.")
    monitor_oidc_algorithm: str = setting(OIDC_ALGORITHM, "RS256", "How the provider signs its ID tokens.")
    monitor_oidc_role_claim: str = setting(
        CLAIM, "role", "The ID token's claim that grants the role: a text or a list."
    )
    monitor_oidc_role_value: str = setting(TEXT, "super_admin", "What that claim must say, exactly.")
    monitor_oidc_acr: tuple[str, ...] | None = setting(
        WORDS, None, "One of these must be the ID token's `acr`. Not set: any."
    )
    monitor_oidc_amr: tuple[str, ...] | None = setting(
        WORDS, None, "All of these must be in the ID token's `amr`, such as `mfa`. Not set: any."
    )
    monitor_jwt_issuer: str | None = setting(
        TOKEN_ISSUER,
        None,
        "The `iss` of your backend's tokens, which `POST /login/token` exchanges for a session. Not set: none.",
    )
    monitor_jwt_audience: str = setting(
        TEXT, "zapvoice-monitor", "The `aud` that such a token must name, and no other."
    )
    monitor_jwt_algorithm: str = setting(JWT_ALGORITHM, "RS256", "How your backend signs them.")
    monitor_jwt_key: str | None = setting(
        TEXT, None, "What they are checked with: a PEM, a JWKS, or the secret of HS256, at least 32 bytes.", secret=True
    )
    monitor_jwt_jwks_url: str | None = setting(SIGN_ON_URL, None, "Where their keys are published, in place of a key.")
    monitor_jwt_role_claim: str = setting(CLAIM, "role", "Their claim that must say `super_admin`, exactly.")
    monitor_jwt_type: str = setting(TEXT, "JWT", "Their header's `typ`, such as `at+jwt`.")
    monitor_jwt_origin: str | None = setting(
        ORIGIN, None, "The site whose pages may post such a token here by a form. Not set: no other site's."
    )
    max_streams: int = setting(integer(1, 100_000), 1000, "Open streams a web process serves at most.")
    max_streams_per_user: int = setting(integer(1, 100_000), 4, "Open streams one user may hold in a web process.")
    max_stream_minutes: float = setting(
        number(0.05, 1440), 15.0, "Age at which a stream is sent round and asks for access anew.", unit="min"
    )
    log_level: str = setting(LOG_LEVEL, "INFO", "What the processes write to their logs.")

    def __repr__(self) -> str:
        shown = (f"{row.name}={getattr(self, row.name)!r}" for row in fields(self) if not row.metadata["secret"])
        return f"Settings({', '.join(shown)})"


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the table from `environ`.

    Raises: SettingsError naming every faulty variable and the form it wants; a secret's value is never repeated.
    """
    faults: list[str] = []
    values: dict[str, Any] = {}
    for row in fields(Settings):
        name = row.name.upper()
        try:
            text = _read_text(name, environ, secret=row.metadata["secret"])
            values[row.name] = _value(row.metadata, text, values)
        except FaultyOptionsError as exc:
            faults += [f"{name} {fault}" for fault in exc.faults]
        except FaultyAddressError as exc:
            faults.append(f"{name} {exc}.")
        except (ValueError, KeyError):
            shown = "its value" if row.metadata["secret"] else repr(environ.get(name))
            faults.append(f"{name} must be {row.metadata['form'].expected}; {shown} is not.")
        except OSError as exc:
            faults.append(f"{name}_FILE must name a readable file: {exc.strerror}.")
    faults = faults or faults_together(values)
    if faults:
        raise SettingsError(faults)
    return Settings(**values)


def end_with(fault: str) -> NoReturn:
    """End this program with a sentence on stderr. By exit code 3 gunicorn ends as a whole; after any other one it would
    start its worker anew, without end.
    """
    sys.stderr.write(f"{fault}\n")
    raise SystemExit(3)


def settings_of_program() -> Settings:
    """`load_settings` for a program: a fault ends it, in a sentence."""
    try:
        return load_settings()
    except SettingsError as exc:
        end_with(str(exc))


def _value(metadata: Mapping[str, Any], text: str, above: Mapping[str, Any]) -> Any:
    if text:
        return metadata["form"].parse(text)
    default = metadata["default"]
    return default(above) if callable(default) else default


def _read_text(name: str, environ: Mapping[str, str], *, secret: bool) -> str:
    path = environ.get(f"{name}_FILE", "")
    if secret and path and not environ.get(name):
        return Path(path).read_text(encoding="utf-8").strip()
    return environ.get(name, "")
