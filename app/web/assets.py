"""The page's files, served from memory: joined, minified and compressed once, under an address that changes with them.

`url_for('static', filename=…)` gives `/static/<digest>/…`, which browsers keep for good: the digest is that of all
files, and modules that import each other by relative names stay under it. `/static/…` without it works too and is asked
about each time. A file is sent only if it was found under the root, so no path leads out.
"""

import hashlib
import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from threading import Lock
from typing import Any

import deflate
from flask import Flask, Response, abort, request
from werkzeug.routing import BaseConverter

from app.web.joiner import CannotJoin, join_all
from app.web.minifier import minify

logger = logging.getLogger(__name__)

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
"""What is served at all, by suffix; all of it is text."""

_LEVEL = 12
"""The most that gzip takes: 3 % less than zlib's best. All files take a fifth of a second, once."""

_FOR_GOOD = "public, max-age=31536000, immutable"
_ASK_EACH_TIME = "no-cache"

Stamp = tuple[int, int]
"""When a file was changed (ns) and its size."""


@dataclass(frozen=True)
class Asset:
    """One file as it is sent."""

    content_type: str
    body: bytes
    zipped: bytes | None
    """None where gzip would not make it smaller."""
    etag: str

    def response(self, *, may_zip: bool) -> Response:
        """The whole answer. may_zip: the client takes gzip."""
        is_zipped = may_zip and self.zipped is not None
        response = Response(self.zipped if is_zipped else self.body, content_type=self.content_type)
        if is_zipped:
            response.headers["Content-Encoding"] = "gzip"
        response.headers["Vary"] = "Accept-Encoding"
        response.set_etag(f"{self.etag}-gzip" if is_zipped else self.etag)
        return response


class Assets:
    """Every file below `root`, by its name relative to it. Read when first asked for, and again when it has changed."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._found: dict[str, Asset] = {}
        self._stamps_read: dict[str, Stamp] = {}
        self._digest = ""
        self._reading = Lock()

    def refresh(self) -> None:
        """Take over what has changed on the disk: less than a millisecond when nothing has."""
        # An editor may be replacing a file at this very moment; the next request finds it.
        with self._reading, suppress(FileNotFoundError):
            self._read()

    @property
    def digest(self) -> str:
        """Of all files together."""
        if not self._digest:
            self.refresh()
        return self._digest

    def find(self, name: str) -> Asset | None:
        """The file of that name, None if there is none."""
        return self._found.get(name) if self.digest else None

    def _read(self) -> None:
        stamps = dict(self._stamps())
        if stamps == self._stamps_read:
            return
        sources = {name: (self._root / name).read_text(encoding="utf-8") for name in sorted(stamps)}
        try:
            sources = join_all(sources)
        except CannotJoin as exc:
            logger.warning("the page's files are sent one by one: %s", exc)
        self._found = {name: make_asset(name, text) for name, text in minify(sources).items()}
        etags = "".join(f"{name} {asset.etag}\n" for name, asset in self._found.items())
        self._digest = hashlib.sha256(etags.encode()).hexdigest()[:12]
        self._stamps_read = stamps

    def _stamps(self, folder: str = "") -> Iterator[tuple[str, Stamp]]:
        # Not pathlib, which takes six times as long: a flood of logins is a flood of pages.
        with os.scandir(self._root / folder) as entries:
            for entry in entries:
                if entry.is_dir():
                    yield from self._stamps(f"{folder}{entry.name}/")
                elif entry.name.endswith(tuple(_TYPES)):
                    state = entry.stat()
                    yield folder + entry.name, (state.st_mtime_ns, state.st_size)


def make_asset(name: str, text: str) -> Asset:
    """The file `name`, whose text is what is sent."""
    body = text.encode()
    zipped = bytes(deflate.gzip_compress(body, _LEVEL))
    etag = hashlib.sha256(body).hexdigest()[:16]
    return Asset(_TYPES[PurePosixPath(name).suffix], body, zipped if len(zipped) < len(body) else None, etag)


class DigestConverter(BaseConverter):
    """The part of an address that `Assets.digest` fills."""

    regex = "[0-9a-f]{12}"


def init_app(app: Flask, root: Path) -> None:
    """Serve the files below `root` as the endpoint `static`."""
    assets = Assets(root)

    def serve(filename: str, digest: str | None = None) -> Response:
        if digest != assets.digest:
            assets.refresh()
        asset = assets.find(filename)
        if asset is None:
            abort(404)
        response = asset.response(may_zip=request.accept_encodings.quality("gzip") > 0)
        # A page from before the last change still gets what it lacks, but not for good.
        response.headers["Cache-Control"] = _FOR_GOOD if digest == assets.digest else _ASK_EACH_TIME
        response.make_conditional(request)
        return response

    def look_again() -> dict[str, Any]:
        if request.method == "GET":  # Once for each page: whoever edits a file only reloads.
            assets.refresh()
        return {}

    app.url_map.converters["digest"] = DigestConverter
    app.add_url_rule("/static/<path:filename>", "static", serve)
    app.add_url_rule("/static/<digest:digest>/<path:filename>", "static", serve)
    app.url_defaults(lambda endpoint, values: values.update(digest=assets.digest) if endpoint == "static" else None)
    app.context_processor(look_again)
