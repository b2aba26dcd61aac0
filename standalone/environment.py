"""Which variables a process gets: of the secret settings, only those it reads. [pure]

Anyone who may look at a process sees its environment; so do crash reports and its children.
"""

from collections.abc import Iterable, Mapping
from dataclasses import fields

from settings import Settings
from settings.former_names import FORMER_NAMES

SECRETS = frozenset(row.name.upper() for row in fields(Settings) if row.metadata["secret"])

_FORMER_SECRETS = frozenset(former for former, present in FORMER_NAMES.items() if present in SECRETS)

_BROKER = frozenset({"REDIS_URL", "WATCHED_BROKER_URL"})

READ_BY: Mapping[str, frozenset[str]] = {
    "redis": frozenset(),
    "announce": frozenset(),
    "demo": _BROKER,
    "beat": frozenset({"REDIS_URL"}),
    "collector": _BROKER | {"DATABASE_URL", "WATCHED_DATABASE_URL", "RABBITMQ_MANAGEMENT_URL"},
    "web": frozenset({"SECRET_KEY", "REDIS_URL", "DATABASE_URL", "MONITOR_OIDC_CLIENT_SECRET", "MONITOR_JWT_KEY"}),
}
"""The secrets that each program reads."""

_ONLY_FOR = {"collector": ("WATCHED_QUEUES",), "web": ("MONITOR_OIDC_", "MONITOR_JWT_", "MONITOR_LOCAL_LOGIN")}
"""Prefixes of settings that are faulty without the secrets of their program, so no other program gets them."""


def withheld(program: str, given: Iterable[str]) -> list[str]:
    """The variables among `given` that a program does not get."""
    others = tuple(start for owner, starts in _ONLY_FOR.items() if owner != program for start in starts)
    secrets = SECRETS - READ_BY.get(program, frozenset())
    return sorted(name for name in given if name in secrets or name.startswith(others))


def without_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of other people's programs: pip, npm and what they run."""
    return {name: value for name, value in environ.items() if name not in SECRETS | _FORMER_SECRETS}
