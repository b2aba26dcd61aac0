"""Makes the secrets that docker-compose.yml hands to the containers: `python3 deploy/credentials.py [DIRECTORY]`.

What exists is never overwritten. The files of one service hold one password, so they are made together or not at all.
Standard library only: it runs on the machine that starts the containers, which needs nothing of ours installed.
"""

import base64
import hashlib
import json
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

DIRECTORY = Path(__file__).resolve().parent / "secrets"

KNOWN_DEFAULTS = {
    "admin", "changeme", "default", "example", "guest", "monitor", "password", "postgres", "rabbitmq", "redis", "root",
    "secret", "test", "zapvoice",
}  # fmt: skip
"""What attackers try first, besides an empty password."""


DEFAULT_USER = "user default off ~* &* +@all"

DEFAULT_USER_WITHOUT_RIGHTS = "user default off"
"""The default user's line in ACLs up to 1.7.0."""

PANEL_RIGHTS = {
    "configure": r"^zapvoice-monitor\.",
    "write": r"^(celery\.pidbox|zapvoice-monitor\..*)$",
    "read": ".*",
}
"""What the panel may do in RabbitMQ: read, ask the workers, and bind a queue of its own to their events.
docs/operations.md, "Least rights"."""

FORMER_RIGHTS = (
    {"configure": "^$", "write": "^$", "read": ".*"},
    {"configure": r"^zapvoice-monitor\.", "write": r"^celery\.pidbox$", "read": ".*"},
)
"""The panel's rights up to 1.7.0, and in 1.7.1."""

FORMER_NAMES = {
    "monitored_broker_url": "watched_broker_url",
    "monitored_database_url": "watched_database_url",
}
"""Files that had another name up to 1.7.1, and their present name."""

MAY_BE_EMPTY = {"watched_database_url"}


class Refused(Exception):
    """The secrets are incomplete or unsafe; the message says what to do."""


def make_secret_key() -> Mapping[str, str]:
    """The key that signs the forms' tokens."""
    return {"secret_key": secrets.token_urlsafe(48)}


def make_redis() -> Mapping[str, str]:
    """A user for the panel, who may not administer the server, and one for the health check, who may only PING.

    Redis' file holds only the password's hash. The default user has every right but cannot log in: Redis replays the
    append-only file in its name, and would drop each transaction of a user without rights.
    """
    password = secrets.token_urlsafe(32)
    digest = hashlib.sha256(password.encode()).hexdigest()
    return {
        "redis_acl": (
            f"{DEFAULT_USER}\n"
            f"user monitor on #{digest} ~* &* +@all -@admin -@dangerous\n"
            "user health on nopass -@all +ping\n"
        ),
        "redis_url": f"redis://monitor:{password}@redis:6379/0",
    }


def make_postgres() -> Mapping[str, str]:
    """The owner of the panel's database."""
    password = secrets.token_urlsafe(32)
    return {
        "postgres_password": password,
        "database_url": f"postgresql+psycopg://monitor:{password}@postgres:5432/monitor",
    }


def make_watched_database() -> Mapping[str, str]:
    """The file for the URL of the product's own database; empty, the panel watches its own."""
    return {"watched_database_url": ""}


def make_rabbitmq() -> Mapping[str, str]:
    """Two users of the virtual host `zapvoice`: the watched product; the panel, which reads and asks workers."""
    passwords = {name: secrets.token_urlsafe(32) for name in ("monitor", "zapvoice")}
    tags = {"monitor": ["monitoring"], "zapvoice": []}
    rights = {"monitor": PANEL_RIGHTS, "zapvoice": dict.fromkeys(("configure", "write", "read"), ".*")}
    definitions = {
        "vhosts": [{"name": "zapvoice"}],
        "users": [
            {
                "name": name,
                "password_hash": hash_for_rabbitmq(password, os.urandom(4)),
                "hashing_algorithm": "rabbit_password_hashing_sha256",
                "tags": tags[name],
            }
            for name, password in passwords.items()
        ],
        "permissions": [{"user": name, "vhost": "zapvoice", **granted} for name, granted in rights.items()],
    }
    return {
        "rabbitmq_definitions": json.dumps(definitions, indent=1) + "\n",
        "watched_broker_url": f"amqp://monitor:{passwords['monitor']}@rabbitmq:5672/zapvoice",
        "rabbitmq_management_url": f"http://monitor:{passwords['monitor']}@rabbitmq:15672",
        "demo_broker_url": f"amqp://zapvoice:{passwords['zapvoice']}@rabbitmq:5672/zapvoice",
    }


GROUPS: tuple[Callable[[], Mapping[str, str]], ...] = (
    make_secret_key, make_redis, make_postgres, make_watched_database, make_rabbitmq,
)  # fmt: skip


def hash_for_rabbitmq(password: str, salt: bytes) -> str:
    """A password's hash in RabbitMQ's form.

    Source: RabbitMQ's "Credentials and Passwords", section "This is the algorithm".
    """
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def provide(directory: Path) -> list[str]:
    """Make `directory` and its missing files. Returns the names of the new files.

    Raises: Refused, where a part of a service's files is missing, a password is a known default, or a file lies there
    under its former and its present name with different contents.
    """
    directory.mkdir(parents=True, exist_ok=True)
    # The directory keeps others out. The files themselves stay readable: the containers' users (10001, 999) do not own
    # them, and Docker shows them with the mode they have here.
    directory.chmod(0o700)
    _take_over_former_names(directory)
    groups = [make() for make in GROUPS]
    made = [name for group in groups for name in _provide_group(directory, group)]
    for group in groups:
        for name in group:
            _refuse_known_default(directory / name)
    return made


def remove_former_names(directory: Path) -> None:
    """Remove the files' former names, once no container of an earlier release needs them any more."""
    for name in FORMER_NAMES:
        (directory / name).unlink(missing_ok=True)


def _take_over_former_names(directory: Path) -> None:
    """Give the files their present names beside the former ones.

    Until an upgrade is through, the containers of the earlier release run, and may be restarted, on the former names.
    """
    for name, present_name in FORMER_NAMES.items():
        former, present = directory / name, directory / present_name
        if not former.exists():
            continue
        if not present.exists():
            present.hardlink_to(former)
        elif present.read_bytes() != former.read_bytes():
            raise Refused(f"{former} is the former name of {present}, and they differ: remove the one that is wrong.")


def _provide_group(directory: Path, group: Mapping[str, str]) -> list[str]:
    missing = [name for name in group if not (directory / name).exists()]
    if not missing:
        return []
    if len(missing) < len(group):
        kept = ", ".join(name for name in group if name not in missing)
        raise Refused(
            f"{directory} lacks {', '.join(missing)}, which must agree with {kept}. "
            f"Bring it back, or remove {kept} as well to have all of them made anew."
        )
    for name, text in group.items():
        _write(directory / name, text)
    return missing


def migrate(directory: Path) -> list[str]:
    """Bring files of earlier releases up to date. Returns the names of the changed ones.

    Each server reads its file at its next start.
    """
    return [*_migrate_redis(directory / "redis_acl"), *_migrate_rabbitmq(directory / "rabbitmq_definitions")]


def _migrate_redis(path: Path) -> list[str]:
    """Up to 1.7.0 Redis' default user had no rights, and every restart of Redis lost samples and logs.

    The next start replays what earlier starts could not.
    """
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    if DEFAULT_USER_WITHOUT_RIGHTS not in map(str.strip, lines):
        return []
    mended = [DEFAULT_USER if line.strip() == DEFAULT_USER_WITHOUT_RIGHTS else line for line in lines]
    _write(path, "\n".join(mended) + "\n")
    return [path.name]


def _migrate_rabbitmq(path: Path) -> list[str]:
    """Up to 1.7.0 the panel's user had no right to ask the workers, up to 1.7.1 none to listen to their events."""
    try:
        definitions = json.loads(path.read_text(encoding="utf-8"))
        old = [
            each for each in definitions["permissions"] if any({**each, **rights} == each for rights in FORMER_RIGHTS)
        ]
    except (OSError, ValueError, KeyError, TypeError):  # There are none, or the operator has replaced them.
        return []
    of_panel = [each for each in old if each.get("user") == "monitor"]
    for permission in of_panel:
        permission.update(PANEL_RIGHTS)
    if of_panel:
        _write(path, json.dumps(definitions, indent=1) + "\n")
    return [path.name] if of_panel else []


def _write(path: Path, text: str) -> None:
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.chmod(0o644)
    unfinished.rename(path)


def _refuse_known_default(path: Path) -> None:
    text = path.read_text(encoding="utf-8").strip()
    if not text and path.name in MAY_BE_EMPTY:
        return
    password = urlsplit(text).password if "://" in text else text
    if not password or password.lower() in KNOWN_DEFAULTS:
        raise Refused(f"{path} holds no password, or one that everybody knows: write a real one into it.")


def main(arguments: list[str]) -> int:
    """Make the secrets and say so. Returns the exit code."""
    directory = Path(arguments[0]) if arguments else DIRECTORY
    try:
        tell(directory, provide(directory), migrate(directory))
    except (Refused, OSError) as exc:
        print(exc, file=sys.stderr)
        return 1
    return 0


def tell(directory: Path, made: list[str], changed: list[str]) -> None:
    """Print the names of new and changed files."""
    for word, names in (("Made", made), ("Brought up to date", changed)):
        if names:
            print(f"{word}: {', '.join(names)} in {directory}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
