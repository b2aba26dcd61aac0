"""Reads the store, speaks HTTP. It never imports Celery: a web process is some 25 MB smaller without."""

from typing import TYPE_CHECKING

from settings import Settings, SettingsError, end_with, load_settings
from store.errors import MonitorError

if TYPE_CHECKING:
    from flask import Flask


def create_app(settings: Settings | None = None) -> "Flask":
    """The web application. It connects to nothing before the first request; the server's hook starts the hub.

    Without `settings` they come from the environment, and a faulty one ends the program with a sentence.
    """
    # Here, not above: gunicorn's master imports this package for its worker class and does not need Flask (8 MB).
    from app.factory import make_app  # noqa: PLC0415

    if settings is not None:
        return make_app(settings)
    try:
        return make_app(load_settings())
    except (SettingsError, MonitorError) as exc:
        end_with(str(exc))
