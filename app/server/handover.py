"""A response that hands its connection over to the application, for which WSGI has no word.

The server takes part: `StreamWorker` calls `hand_over` and then forgets the connection.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from flask import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Connection:
    """The connection of one request, with the response's head not yet sent."""

    def __init__(self, environ: "WSGIEnvironment", write: Callable[[bytes], object]) -> None:
        """`write`: WSGI's, as `start_response` returns it."""
        self.write = write
        """Sends bytes of the body, and the head before the first of them; blocks. Raises: OSError."""
        self.is_chunked = environ["SERVER_PROTOCOL"] != "HTTP/1.0"
        """Whether the body is sent in chunks; `write` makes its own."""
        self._socket = environ["gunicorn.socket"]

    def detach(self) -> int:
        """The connection's descriptor. The caller owns it from now on and closes it."""
        return int(self._socket.detach())


class HandedOver(Response):
    """A head; `receive` gets the connection when the application's part of the request is over."""

    automatically_set_content_length = False

    def __init__(self, receive: Callable[[Connection], None], mimetype: str) -> None:
        super().__init__(mimetype=mimetype)
        self._receive = receive

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """The handover that the server carries out; a plain answer to HEAD."""
        if environ["REQUEST_METHOD"] == "HEAD":
            return super().__call__(environ, start_response)
        _, status, headers = self.get_wsgi_response(environ)
        connection = Connection(environ, start_response(status, headers))
        return _Handover(lambda: self._receive(connection))


class _Handover:
    """Takes the place of a body."""

    def __init__(self, hand_over: Callable[[], None]) -> None:
        self.hand_over = hand_over

    def __iter__(self) -> Iterator[Any]:
        raise RuntimeError(
            "Streams need gunicorn with app.server.worker.StreamWorker: this server would close the connection."
        )
