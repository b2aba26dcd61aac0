"""What of the environment a process gets: of the settings that are secret, those that it reads. [pure]

Whoever may look at a process, a crash report or a child of it among them, sees its environment.
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
"""How settings begin that are a fault without the secrets of the one program that reads them."""


def withheld(program: str, given: Iterable[str]) -> list[str]:
    """Which of the variables `given` that program does not get."""
    others = tuple(start for owner, starts in _ONLY_FOR.items() if owner != program for start in starts)
    secrets = SECRETS - READ_BY.get(program, frozenset())
    return sorted(name for name in given if name in secrets or name.startswith(others))


def without_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    """What a program gets that is not ours: pip, npm and what they run."""
    return {name: value for name, value in environ.items() if name not in SECRETS | _FORMER_SECRETS}
