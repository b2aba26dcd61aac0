"""Every knob in one table: name, type, default, unit, help. Read once from the environment, then frozen.

A setting is the environment variable of its upper-case name; an empty value counts as not set. A secret may also come
from a file named by `NAME_FILE`. All faults are reported together, each with the form that is expected. Only wiring
files call `load_settings`; everything else takes arguments. Imports nothing but the standard library.
"""

import os
import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent
VERSION = "1.7.0"


class SettingsError(ValueError):
    """One or more settings are faulty; `faults` holds a sentence for each."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("\n".join(["Faulty settings:", *(f"  - {fault}" for fault in faults)]))


@dataclass(frozen=True)
class Form:
    """How a value is read from text: `parse` raises ValueError, `expected` says in words what it wants."""

    expected: str
    parse: Callable[[str], Any]


def _between(kind: type[int] | type[float], low: float, high: float) -> Callable[[str], Any]:
    def parse(text: str) -> int | float:
        number = kind(text)
        if not low <= number <= high:
            raise ValueError(text)
        return number

    return parse


def _url(*schemes: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        parts = urlsplit(text)
        parts.port  # noqa: B018  Deliberate: the property raises ValueError for a port that is no number.
        if parts.scheme not in schemes or not (parts.netloc or parts.path):
            raise ValueError(text)
        return text

    return parse


def _host_names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for name in text.split(",") if name.strip())
    if not names or not all(re.fullmatch(r"\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*|\*", name) for name in names):
        raise ValueError(text)
    return names


def _matching(pattern: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(text)
        return text

    return parse


def _names(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not names or any(len(name.encode()) > 255 for name in names):  # AMQP 0-9-1: a queue name is a short string.
        raise ValueError(text)
    if ALL_QUEUES in names and len(names) > 1:
        raise ValueError(text)
    return names


KNOWN_SECRETS = (
    "changeme", "change-me", "change_me", "changethis", "example", "insecure", "password", "placeholder", "replace",
    "secretkey", "secret-key", "secret_key", "supersecret", "yoursecret", "your-secret", "your_secret", "zapvoice",
    "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",  # pragma: allowlist secret
)  # fmt: skip
"""What no random key holds: words of documentation and of defaults; the last is the example of Flask's manual."""


def _secret_key(text: str) -> str:
    is_known = any(known in text.lower() for known in KNOWN_SECRETS)
    is_repeated = text in (text + text)[1:-1]
    steps = sum(abs(ord(one) - ord(next_one)) <= 1 for one, next_one in pairwise(text))
    if len(text) < 32 or len(set(text)) < 10 or is_known or is_repeated or steps > len(text) // 2:
        raise ValueError
    return text


def _boolean(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


def _integer(low: int, high: int) -> Form:
    return Form(f"a whole number from {low} to {high}", _between(int, low, high))


def _number(low: float, high: float) -> Form:
    return Form(f"a number from {low:g} to {high:g}", _between(float, low, high))


ALL_QUEUES = "*"
"""The value of `watched_queues` that stands for every queue that holds work."""

REDIS_URL = Form(
    "redis://[user:password@]host:port/db, rediss://… or unix:///path?db=0", _url("redis", "rediss", "unix")
)
BROKER_URL = Form(
    "amqp://user:…@host:port/vhost, amqps://…, redis://…, rediss://… or unix:///path?db=1",
    _url("amqp", "amqps", "redis", "rediss", "unix"),
)
DATABASE_URL = Form(
    "sqlite:///path or postgresql+psycopg://user:password@host:port/name",  # pragma: allowlist secret
    _url("sqlite", "postgresql", "postgresql+psycopg"),
)
MANAGEMENT_URL = Form("http://user:password@host:15672 or https://…", _url("http", "https"))
HOST_NAME = Form("1 to 63 letters, digits, dots, dashes or underscores", _matching(r"[A-Za-z0-9._-]{1,63}"))
NAMES = Form("one or more names separated by commas, each at most 255 bytes, or * alone", _names)
HOST_NAMES = Form("one or more names of hosts separated by commas, .example.org for all below it", _host_names)
BOOLEAN = Form("true or false", _boolean)
TEXT = Form("text", str)
EMAIL = Form("an e-mail address", _matching(r"[^@\s]+@[^@\s]+"))
DIRECTORY = Form("a directory's path", lambda text: Path(text).expanduser().resolve())
SECRET_KEY = Form("at least 32 random characters, such as `openssl rand -hex 32` prints", _secret_key)
PASSWORD = Form("at least 12 characters", _matching(r".{12,}"))
LOG_LEVEL = Form("DEBUG, INFO, WARNING or ERROR", _matching("DEBUG|INFO|WARNING|ERROR"))


def embedded_redis_url(above: Mapping[str, Any]) -> str:
    """The Redis that `make run` has started in the data directory; where it has not, Redis' own default."""
    socket_path = above.get("monitor_data_dir", ROOT) / "redis.sock"
    return f"unix://{socket_path}?db=0" if socket_path.is_socket() else "redis://127.0.0.1:6379/0"


def setting(form: Form, default: Any, text: str, *, unit: str = "", secret: bool = False) -> Any:
    """One row of the table. A callable default is called with the rows above it when the settings are loaded."""
    return field(metadata={"form": form, "default": default, "help": text, "unit": unit, "secret": secret})


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
        "The broker that is watched. Not set: queues, worker and broker show as disabled.",
        secret=True,
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
    monitor_host: str = setting(HOST_NAME, own_host_name, "This host's name on the page and of its stats queue.")
    host_proc: Path | None = setting(
        DIRECTORY, None, "Where the machine's /proc is mounted, when the container's own does not show the machine."
    )
    report_as: str | None = setting(
        HOST_NAME, None, "Name under which web and beat report their own container's CPU and RAM. Not set: they do not."
    )
    sample_interval_s: float = setting(_number(0.03, 60), 3.0, "Time between two samples.", unit="s")
    history_days: int = setting(_integer(1, 366), 30, "History older than this is deleted.", unit="days")
    bind_address: str = setting(TEXT, "127.0.0.1", "The address the web process listens on.")
    port: int = setting(_integer(1, 65535), 8000, "The port the web process listens on.")
    monitor_admin_email: str = setting(
        EMAIL, "admin@localhost", "The first super_admin, created by the first `make run`."
    )
    monitor_admin_password: str | None = setting(
        PASSWORD,
        None,
        "That account's password, for an unattended first start. Not set: one is made and printed.",
        secret=True,
    )
    session_idle_minutes: float = setting(
        _number(0.05, 10_080),
        30.0,
        "A login ends after so long without a key, a touch or a page load. A screen on a wall needs more.",
        unit="min",
    )
    session_hours: float = setting(_number(0.1, 168), 12.0, "A login ends after this time in any case.", unit="h")
    trusted_proxies: int = setting(
        _integer(0, 9),
        0,
        "Proxies in front of the web process whose `X-Forwarded-For` is believed: 1 behind your nginx.",
    )
    trusted_hosts: tuple[str, ...] | None = setting(
        HOST_NAMES,
        None,
        "Names that the panel may be asked for under. Not set: addresses and names without a dot; behind TLS all.",
    )
    audit_days: int = setting(_integer(1, 3650), 90, "How long the audit of logins and refusals is kept.", unit="d")
    secure_cookies: bool = setting(
        BOOLEAN, False, "Set to true behind TLS: cookies are then sent over HTTPS only, under a `__Host-` name."
    )
    max_streams: int = setting(_integer(1, 100_000), 1000, "Open streams a web process serves at most.")
    max_streams_per_user: int = setting(_integer(1, 100_000), 4, "Open streams one user may hold in a web process.")
    max_stream_minutes: float = setting(
        _number(0.05, 1440), 15.0, "Age at which a stream is sent round and asks for access anew.", unit="min"
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
        except (ValueError, KeyError):
            shown = "its value" if row.metadata["secret"] else repr(environ.get(name))
            faults.append(f"{name} must be {row.metadata['form'].expected}; {shown} is not.")
        except OSError as exc:
            faults.append(f"{name}_FILE must name a readable file: {exc.strerror}.")
    if not faults and values["watched_queues"] == (ALL_QUEUES,) and not _can_discover(values):
        faults.append(
            "WATCHED_QUEUES=* needs RABBITMQ_MANAGEMENT_URL, and MONITORED_BROKER_URL to be amqp://… or amqps://…."
        )
    if faults:
        raise SettingsError(faults)
    return Settings(**values)


def _can_discover(values: Mapping[str, Any]) -> bool:
    """Only RabbitMQ can tell its queues; on Redis a key that is a list may be anything."""
    broker_url = values["monitored_broker_url"] or ""
    return values["rabbitmq_management_url"] is not None and broker_url.startswith(("amqp:", "amqps:"))


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
