"""Writes times (epoch s) in UTC, for people and for programs."""

from datetime import UTC, datetime

from flask import Flask


def init_app(app: Flask) -> None:
    """Add the filters `iso` and `utc` to the templates."""
    app.add_template_filter(iso_text, "iso")
    app.add_template_filter(exact_text, "utc")


def utc_text(at: float) -> str:
    """To the minute, for the operator's tables."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def exact_text(at: float) -> str:
    """To the second, for the pages."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def iso_text(at: float) -> str:
    """For programs: 2026-11-25T02:54:36Z."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
