"""Request bodies come whole and soon, or not at all."""

import gevent
from flask import Flask, request
from werkzeug.exceptions import RequestTimeout

BODY_S = 5.0
"""Longest wait for a body. gunicorn bounds the head alone: a thousand bodies that trickle would take every greenlet."""


def init_app(app: Flask) -> None:
    """Read every body before anything else looks at the request. To be called before what asks for forms (CSRF)."""
    app.before_request(_read_body)


def _read_body() -> None:
    if request.content_length or request.headers.get("Transfer-Encoding"):
        with gevent.Timeout(BODY_S, RequestTimeout()):
            request.get_data(parse_form_data=True)
