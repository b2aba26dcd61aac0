"""One shape for every error: JSON for clients of the API, a page for people.

Shape: {"status": int, "code": str, "message": a sentence the user can act on}. No exception's text, name or version
ever leaves the process.
"""

import logging

from flask import Flask, Response, jsonify, make_response, render_template, request
from werkzeug.exceptions import BadRequest as BadRequestStatus
from werkzeug.exceptions import HTTPException, UnprocessableEntity

from store.errors import StoreUnavailable, Unstorable

logger = logging.getLogger(__name__)

_PAGES = (
    "/monitor",
    "/login",
    "/login/code",
    "/login/enrol",
    "/login/password",
    "/login/oidc",
    "/login/oidc/callback",
    "/logout",
    "/account",
    "/account/password",
    "/account/sessions",
    "/account/tokens",
    "/audit",
    "/second-factor",
    "/second-factor/enrol",
)
"""Paths that people open, as they are routed. Errors of any other path are answered in JSON."""

_SENTENCES = {
    400: "The request is not valid.",
    401: "Sign in first, or send a valid token.",
    403: "This needs the role super_admin.",
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
    413: "The body is too long: 64 KiB at most.",
    429: "Too many attempts. Wait a little and try again.",
    500: "Something went wrong here. It has been logged.",
    503: "The store does not answer. Try again in a few seconds.",
}


class BadRequest(BadRequestStatus):
    """A request that the sender can mend; the sentence says how."""


class Unprocessable(UnprocessableEntity):
    """A body with the wrong content; the sentence says what is expected."""


def init_app(app: Flask) -> None:
    """Answer every error in the one shape."""
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(StoreUnavailable, _store_error)
    app.register_error_handler(Unstorable, _unstorable_error)
    app.register_error_handler(Exception, _bug)


def error_response(status: int, code: str, message: str | None = None) -> Response:
    """An error as a page or as JSON, depending on the request's path."""
    sentence = message or _SENTENCES.get(status, "The request failed.")
    if f"/{request.path.lstrip('/')}" in _PAGES:
        return make_response(render_template("error.html", status=status, code=code, message=sentence), status)
    return make_response(jsonify(status=status, code=code, message=sentence), status)


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        return make_response(error.get_response())
    response = error_response(
        status,
        error.name.lower().replace(" ", "_"),
        error.description if isinstance(error, BadRequest | Unprocessable) else None,
    )
    if error.response is None:
        for name, value in error.get_headers():
            if name not in ("Content-Type", "Content-Length"):
                response.headers[name] = value
    return response


def _store_error(error: StoreUnavailable) -> Response:
    logger.warning("%r: %s", request.path, error)
    response = error_response(503, "store_unavailable")
    response.headers["Retry-After"] = "3"
    return response


def _unstorable_error(_error: Unstorable) -> Response:
    return error_response(
        400, "bad_request", "A text has a character, or a number a size, that the database cannot store."
    )


def _bug(error: Exception) -> Response:
    logger.error("%s %r failed", request.method, request.path, exc_info=error)  # %r: a path may hold line ends.
    return error_response(500, "internal_error")
