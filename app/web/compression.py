"""Pages and JSON go out as gzip to whoever takes it; the page's files are compressed already, the stream never is."""

import re

import deflate
from flask import Flask, Response, request
from jinja2.ext import Extension

_TYPES = {"text/html", "application/json"}
_WORTH_BYTES = 1000
"""A body that fits into one packet is not made faster by being smaller."""
_LONG_BYTES = 50_000
_LEVEL = 9
_LONG_LEVEL = 1
"""For long bodies, such as a day of history: meanwhile every other viewer waits (`make bench-history`)."""


class Unindented(Extension):
    """Takes the indentation from templates when they are read: a thirtieth of what a page is compressed."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """The template as it is compiled; its line numbers stay."""
        return re.sub(r"^[ \t]+", "", source, flags=re.MULTILINE)


def init_app(app: Flask) -> None:
    """Compress what the views answer."""
    app.jinja_env.add_extension(Unindented)
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    if response.mimetype not in _TYPES or response.is_streamed or "Content-Encoding" in response.headers:
        return response
    response.vary.add("Accept-Encoding")
    body = response.get_data()
    if len(body) >= _WORTH_BYTES and request.accept_encodings.quality("gzip") > 0:
        level = _LEVEL if len(body) < _LONG_BYTES else _LONG_LEVEL
        response.set_data(bytes(deflate.gzip_compress(body, level)))
        response.headers["Content-Encoding"] = "gzip"
    return response
