"""Serves the page's files: their build (`build.js`) if it was made from the present files, else the files themselves.

`url_for('static', filename=…)` gives `/static/<build>/…` for a build, which browsers keep for good: its name begins
with a digest of all the files it was made from. Without one it gives `/static/…`, which browsers ask about each time.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

from flask import Flask, Response, abort, request
from werkzeug.routing import BaseConverter
from werkzeug.security import safe_join

_TYPES = {".css": "text/css", ".js": "text/javascript", ".json": "application/json", ".svg": "image/svg+xml"}
"""The suffixes that are served; no other file is."""

_CODINGS = {"br": ".br", "gzip": ".gz"}
"""The compressed forms that a build holds, the smallest first."""

_BUILT = "built"
_FOR_GOOD = "public, max-age=31536000, immutable"
_ASK_EACH_TIME = "no-cache"

Stamp = tuple[int, int]
"""When a file was changed (ns) and its size."""


class Assets:
    """The files below `root`. A build whose name does not begin with their digest is an old one."""

    def __init__(self, root: Path) -> None:
        self.folder = root
        """Where the served files lie."""
        self.build: str | None = None
        """The name of the build that is served, None while the files themselves are."""
        self._root = root
        self._stamps_read: dict[str, Stamp] = {}
        self._digest_read = ""
        self._reading = Lock()

    def refresh(self) -> None:
        """Look at the disk again: less than a millisecond when nothing has changed."""
        # An editor may be replacing a file at this very moment; the next request finds it.
        with self._reading, suppress(FileNotFoundError):
            stamps = dict(self._stamps())
            if stamps != self._stamps_read:
                self._digest_read = self._digest_of(sorted(stamps))
                self._stamps_read = stamps
            folder = next((self._root / _BUILT).glob(f"{self._digest_read}-*"), None)
            self.folder, self.build = (folder, folder.name) if folder else (self._root, None)

    def _digest_of(self, names: list[str]) -> str:
        lines = (f"{name} {hashlib.sha256((self._root / name).read_bytes()).hexdigest()}\n" for name in names)
        return hashlib.sha256("".join(lines).encode()).hexdigest()[:12]

    def _stamps(self, folder: str = "") -> Iterator[tuple[str, Stamp]]:
        # Not pathlib, which takes six times as long: a flood of logins is a flood of pages.
        with os.scandir(self._root / folder) as entries:
            for entry in entries:
                if entry.is_dir():
                    if folder or entry.name != _BUILT:
                        yield from self._stamps(f"{folder}{entry.name}/")
                elif entry.name.endswith(tuple(_TYPES)):
                    state = entry.stat()
                    yield folder + entry.name, (state.st_mtime_ns, state.st_size)


class BuildConverter(BaseConverter):
    """The name of a build in an address."""

    regex = "[0-9a-f]{12}-[0-9a-f]{8}"


def init_app(app: Flask, root: Path) -> None:
    """Serve the files below `root` as the endpoint `static`."""
    assets = Assets(root)
    assets.refresh()

    def serve(filename: str, build: str | None = None) -> Response:
        if build != assets.build:
            assets.refresh()
        response = _send(assets.folder, filename)
        # A page from before the last change still gets what it lacks, but not for good.
        is_for_good = build is not None and build == assets.build
        response.headers["Cache-Control"] = _FOR_GOOD if is_for_good else _ASK_EACH_TIME
        return response

    def name_build(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and assets.build:
            values["build"] = assets.build

    def look_again() -> dict[str, Any]:
        if request.method == "GET":  # Once for each page: whoever edits a file only reloads.
            assets.refresh()
        return {}

    app.url_map.converters["build"] = BuildConverter
    app.add_url_rule("/static/<path:filename>", "static", serve)
    app.add_url_rule("/static/<build:build>/<path:filename>", "static", serve)
    app.url_defaults(name_build)
    app.context_processor(look_again)


def _send(folder: Path, name: str) -> Response:
    """The file below `folder`, compressed if a compressed one lies beside it and the client accepts it."""
    path = safe_join(str(folder), name)
    content_type = _TYPES.get(f".{name.rpartition('.')[2]}")
    if path is None or content_type is None or not Path(path).is_file():
        abort(404)
    takes = request.accept_encodings.quality
    coding = next((each for each, end in _CODINGS.items() if takes(each) > 0 and Path(path + end).is_file()), None)
    response = Response(Path(path + _CODINGS[coding] if coding else path).read_bytes(), mimetype=content_type)
    if coding:
        response.headers["Content-Encoding"] = coding
    response.vary.add("Accept-Encoding")
    response.add_etag()
    response.make_conditional(request)
    return response
