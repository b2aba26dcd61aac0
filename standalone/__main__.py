"""Starts the stack: looks whether it can, prepares what it needs, and becomes the process manager."""

import os
import secrets
import sys
from pathlib import Path

from settings import ROOT, Settings, SettingsError, embedded_redis, load_settings
from settings.former_names import rename
from standalone import database, preflight, programs
from standalone import redis as embedded
from standalone.packages import Venv
from standalone.terminal import CannotStart, say


def main() -> None:
    """Become the process manager, or exit with a sentence if the stack cannot start."""
    os.umask(0o077)  # Everything in the data directory is its owner's alone.
    try:
        settings = load_settings()
        rename(os.environ)  # What starts from here on knows the present names alone.
        config = prepare(settings)
    except (SettingsError, CannotStart) as exc:
        sys.exit(str(exc))
    say("Starting")
    os.execv(sys.executable, programs.python("standalone.manager", str(config)))  # noqa: S606


def prepare(settings: Settings) -> Path:
    """Check and prepare all that the manager needs, its environment included. Returns its configuration's path.

    Raises: CannotStart.
    """
    preflight.check_port(settings.bind_address, settings.port)
    data_dir = settings.monitor_data_dir
    preflight.claim_data_dir(data_dir)
    log_directory = programs.log_path(data_dir, "").parent
    log_directory.mkdir(exist_ok=True)
    chosen = [programs.BEAT_AND_COLLECTOR, programs.WEB]
    has_own_redis, has_own_broker = not _is_set("REDIS_URL"), not _is_set("WATCHED_BROKER_URL")
    if has_own_redis:
        chosen.insert(0, _prepare_redis(data_dir))
        os.environ["REDIS_URL"] = embedded_redis.url(data_dir, 0)
        if has_own_broker:
            os.environ["WATCHED_BROKER_URL"] = embedded_redis.url(data_dir, 1)
            chosen.append(programs.DEMO)
    else:
        _check_redis(settings.redis_url)
    if not _is_set("SECRET_KEY"):
        os.environ["SECRET_KEY_FILE"] = str(_provide_secret(data_dir / "secret_key"))
    has_own_database, own_database = not _is_set("DATABASE_URL"), data_dir / "monitor.sqlite3"
    if has_own_database:
        os.environ["DATABASE_URL"] = f"sqlite:///{own_database}"
    os.environ["MONITOR_DATA_DIR"] = str(data_dir)
    os.environ["PYTHONUNBUFFERED"] = "1"  # A buffered log would end before the fault.
    if not (has_own_database and database.is_ready(own_database)):
        from standalone import accounts  # noqa: PLC0415  Importing it takes most of a start.

        accounts.prepare(load_settings())
    os.environ.pop("MONITOR_ADMIN_PASSWORD", None)  # No process that starts now gets it.
    path = data_dir / "manager.conf"
    path.write_text(programs.supervisor_config(ROOT, chosen, os.environ.keys()), encoding="utf-8")
    return path


def _is_set(name: str) -> bool:
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))


def _prepare_redis(data_dir: Path) -> programs.Program:
    if embedded.is_listening(data_dir):
        # Somebody killed its manager; a second Redis would spoil the files.
        raise CannotStart(f"A Redis of an earlier run still uses {data_dir}: end that process first.")
    binary = embedded.find_binary(Venv(Path(sys.prefix)))
    if binary is None:
        raise CannotStart("There is no redis-server 6.2 or newer: install one, or set REDIS_URL.")
    return programs.embedded_redis(binary, embedded.write_config(data_dir))


def _check_redis(url: str) -> None:
    from redis import Redis  # noqa: PLC0415  Only if there is a Redis to ask.

    from store.errors import Refusal, StoreUnavailable  # noqa: PLC0415
    from store.redis_version import check_version  # noqa: PLC0415

    try:
        with Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2, retry=None, protocol=2) as client:
            check_version(client)
    except StoreUnavailable as exc:
        told = (
            str(exc)
            if exc.refusal is Refusal.OLD
            else f"The Redis that REDIS_URL names does not answer: {exc.__cause__ or exc}"
        )
        raise CannotStart(told) from exc


def _provide_secret(path: Path) -> Path:
    if not path.exists():
        unfinished = path.with_suffix(".part")
        unfinished.write_text(secrets.token_urlsafe(48), encoding="ascii")
        unfinished.rename(path)
    return path


if __name__ == "__main__":
    main()
