"""Reads every request body whole and within a deadline, or refuses it."""

import gevent
from flask import Flask, current_app, request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, RequestTimeout

BODY_S = 5.0
"""Longest wait for a body. gunicorn bounds only the head: a thousand trickling bodies would take every greenlet."""


def init_app(app: Flask) -> None:
    """Read every body before anything else looks at the request. Call it before what reads forms (CSRF)."""
    app.before_request(_read_body)


def _read_body() -> None:
    is_chunked = "Transfer-Encoding" in request.headers
    if not request.content_length and not is_chunked:
        return
    try:
        with gevent.Timeout(BODY_S, RequestTimeout()):
            # Not parsed: forms are read from it later, and curl labels a JSON body as a form.
            data = request.get_data()
    except (ParseException, OSError) as exc:  # gunicorn's errors for malformed chunks and for a client that has left.
        raise BadRequest from exc
    # werkzeug 3.1.9 takes the first 64 KiB of a body in chunks for all of it.
    if is_chunked and len(data) >= (current_app.config["MAX_CONTENT_LENGTH"] or 0):
        raise RequestEntityTooLarge
