"""A response whose connection the application keeps when the request is over: what WSGI has no word for.

The server has to play along: the worker in gunicorn.conf.py calls `take_over` and then forgets the connection.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from flask import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Connection:
    """What a request came by, and its answer goes."""

    def __init__(self, environ: "WSGIEnvironment", write: Callable[[bytes], object]) -> None:
        """`write`: WSGI's, as `start_response` returns it."""
        self.write = write
        """Sends bytes of the body, the head before the first; blocks. Raises: OSError."""
        self.is_chunked = environ["SERVER_PROTOCOL"] != "HTTP/1.0"
        """Whether the body is in chunks, those that `write` sends included."""
        self._socket = environ["gunicorn.socket"]

    def detach(self) -> int:
        """The connection's descriptor, which from now on is the caller's to close."""
        return int(self._socket.detach())


class TakenOver(Response):
    """A head after which `take` gets the connection. It runs when the application's part of the request is over."""

    automatically_set_content_length = False

    def __init__(self, take: Callable[[Connection], None], mimetype: str) -> None:
        super().__init__(mimetype=mimetype)
        self._take = take

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """What the server calls `take_over` of; to HEAD the plain answer."""
        if environ["REQUEST_METHOD"] == "HEAD":
            return super().__call__(environ, start_response)
        _, status, headers = self.get_wsgi_response(environ)
        connection = Connection(environ, start_response(status, headers))
        return _Takeover(lambda: self._take(connection))


class _Takeover:
    """In the place of a body."""

    def __init__(self, take_over: Callable[[], None]) -> None:
        self.take_over = take_over

    def __iter__(self) -> Iterator[Any]:
        raise RuntimeError("Streams need the worker of gunicorn.conf.py: this server would close the connection.")
