"""The forms of settings: how text becomes a value, and what a row of the table in settings/table.py holds.

Imports nothing but the standard library and this package.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from settings import addresses
from settings.broker_options import parse_broker_options


@dataclass(frozen=True)
class Form:
    """How text becomes a value: `parse` raises ValueError, `expected` says the form in words."""

    expected: str
    parse: Callable[[str], Any]


def between(kind: type[int] | type[float], low: float, high: float) -> Callable[[str], Any]:
    def parse(text: str) -> int | float:
        number = kind(text)
        if not low <= number <= high:
            raise ValueError(text)
        return number

    return parse


def matching(pattern: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(text)
        return text

    return parse


def host_names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for name in text.split(",") if name.strip())
    if not names or not all(re.fullmatch(r"\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*|\*", name) for name in names):
        raise ValueError(text)
    return names


def queue_names(text: str) -> tuple[str, ...]:
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
"""Words that no random key holds, from documentation and defaults; the last is the example of Flask's manual."""


def secret_key(text: str) -> str:
    is_known = any(known in text.lower() for known in KNOWN_SECRETS)
    is_repeated = text in (text + text)[1:-1]
    steps = sum(abs(ord(one) - ord(next_one)) <= 1 for one, next_one in pairwise(text))
    if len(text) < 32 or len(set(text)) < 10 or is_known or is_repeated or steps > len(text) // 2:
        raise ValueError
    return text


def words(text: str) -> tuple[str, ...]:
    """Words, separated by blanks or commas."""
    return tuple(text.replace(",", " ").split())


def safe_url(ending: str = "") -> Callable[[str], str]:
    """Parses a URL whose traffic nobody can read: HTTPS, or HTTP to this machine itself."""

    def parse(text: str) -> str:
        parts = urlsplit(text)
        parts.port  # noqa: B018  Deliberate: the property raises ValueError for a port that is no number.
        is_loopback = parts.scheme == "http" and parts.hostname in LOOPBACK
        if not parts.hostname or parts.username or parts.fragment or not (parts.scheme == "https" or is_loopback):
            raise ValueError(text)
        if not parts.path.endswith(ending) or len(text) > 255:
            raise ValueError(text)
        return text

    return parse


def origin(text: str) -> str:
    """A scheme and a host, nothing else."""
    parts = urlsplit(safe_url()(text))
    if parts.path or parts.query:
        raise ValueError(text)
    return text


def boolean(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


def integer(low: int, high: int) -> Form:
    return Form(f"a whole number from {low} to {high}", between(int, low, high))


def number(low: float, high: float) -> Form:
    return Form(f"a number from {low:g} to {high:g}", between(float, low, high))


LOOPBACK = ("127.0.0.1", "::1", "localhost")

ALL_QUEUES = "*"
"""The value of `watched_queues` for every queue that holds work."""

REDIS_URL = Form("redis://[user:password@]host:port/db, rediss://… or unix:///path?db=0", addresses.redis_url)
BROKER_URL = Form(
    "amqp://user:…@host:port/vhost, amqps://…, redis://…, rediss://… or unix:///path?db=1",
    addresses.watched_broker_url,
)
BROKER_OPTIONS = Form("a JSON object of Celery's broker_transport_options", parse_broker_options)
DATABASE_URL = Form(
    "sqlite:///path or postgresql+psycopg://user:…@host:port/name",
    addresses.database_url,
)
MANAGEMENT_URL = Form("http://user:password@host:15672 or https://…", addresses.management_url)
CERTIFICATES = Form("the path of a PEM file", addresses.certificates)
HOST_NAME = Form("1 to 63 letters, digits, dots, dashes or underscores", matching(r"[A-Za-z0-9._-]{1,63}"))
NAMES = Form("one or more names separated by commas, each at most 255 bytes, or * alone", queue_names)
EXCHANGE = Form("an exchange's name, at most 127 characters without blanks", matching(r"[!-~]{1,127}"))
HOST_NAMES = Form("one or more names of hosts separated by commas, .example.org for all below it", host_names)
BOOLEAN = Form("true or false", boolean)
TEXT = Form("text", str)
EMAIL = Form("an e-mail address", matching(r"[^@\s]+@[^@\s]+"))
DIRECTORY = Form("a directory's path", lambda text: Path(text).expanduser().resolve())
SECRET_KEY = Form("at least 32 random characters, such as `openssl rand -hex 32` prints", secret_key)
SIGN_ON_URL = Form("https://… (http:// on this machine only)", safe_url())
ISSUER = SIGN_ON_URL
CALLBACK_URL = Form("https://<the panel>/login/oidc/callback", safe_url("/login/oidc/callback"))
ORIGIN = Form("https://host[:port], without a path", origin)
TOKEN_ISSUER = Form("at most 255 characters without blanks", matching(r"\S{1,255}"))
CLAIM = Form("a claim's name", matching(r"\S{1,100}"))
WORDS = Form("words separated by blanks or commas", words)
OIDC_ALGORITHM = Form("RS256, PS256, ES256 or the like", matching("[RPE]S(256|384|512)"))
JWT_ALGORITHM = Form("RS256, PS256, ES256, HS256 or the like", matching("[HRPE]S(256|384|512)"))
PASSWORD = Form("at least 12 characters", matching(r".{12,}"))
LOG_LEVEL = Form("DEBUG, INFO, WARNING or ERROR", matching("DEBUG|INFO|WARNING|ERROR"))


def setting(form: Form, default: Any, text: str, *, unit: str = "", secret: bool = False) -> Any:
    """One row of the table. A callable default is called with the rows above it when the settings are loaded."""
    return field(metadata={"form": form, "default": default, "help": text, "unit": unit, "secret": secret})
