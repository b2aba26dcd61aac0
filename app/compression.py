"""Pages and JSON go out as gzip to whoever takes it; the page's files are compressed already, the stream never is."""

import gzip

from flask import Flask, Response, request

_TYPES = {"text/html", "application/json"}
_WORTH_BYTES = 1000
"""A body that fits into one packet is not made faster by being smaller."""
_LONG_BYTES = 50_000
_LEVEL = 6
_LONG_LEVEL = 1
"""For long bodies, such as a day of history: half a megabyte holds up every viewer 4 ms instead of 32, and is a sixth
larger (`make bench-history`)."""


def init_app(app: Flask) -> None:
    """Compress what the views answer."""
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    if response.mimetype not in _TYPES or response.is_streamed or "Content-Encoding" in response.headers:
        return response
    response.vary.add("Accept-Encoding")
    body = response.get_data()
    if len(body) >= _WORTH_BYTES and request.accept_encodings.quality("gzip") > 0:
        level = _LEVEL if len(body) < _LONG_BYTES else _LONG_LEVEL
        response.set_data(gzip.compress(body, level, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response
