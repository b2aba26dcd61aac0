"""pip fetched by hand, from a real HTTP server that plays the registry."""

import threading
from functools import partial
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from standalone import wheel
from standalone.terminal import CannotStart
from tests.process import free_port

NAME = "pip-1.0-py3-none-any.whl"


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format, *args):
        pass


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """A directory served as a package index, with one file in it."""
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / NAME).write_bytes(b"wheel")
    (tmp_path / "simple" / "pip").mkdir(parents=True)
    (tmp_path / "simple" / "pip" / "index.html").write_text(f'<a href="../../files/{NAME}#sha256=0&amp;x=1">{NAME}</a>')
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(tmp_path))) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/simple")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        yield
        server.shutdown()


def test_the_pinned_file_is_fetched_by_its_relative_link(registry):
    assert wheel._fetch("pip", NAME, {sha256(b"wheel").hexdigest()}) == b"wheel"


def test_a_file_of_another_hash_is_refused(registry):
    with pytest.raises(CannotStart, match="its hash is not the pinned one"):
        wheel._fetch("pip", NAME, {"0" * 64})


def test_a_registry_without_the_file_is_told_of(registry):
    with pytest.raises(CannotStart, match="does not have it"):
        wheel._fetch("pip", "pip-2.0-py3-none-any.whl", set())


def test_a_closed_registry_is_told_of(monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{free_port()}/simple")

    with pytest.raises(CannotStart, match="does not answer"):
        wheel._fetch("pip", NAME, set())
