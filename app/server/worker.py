"""gunicorn's gevent worker, made for streams. gunicorn's master imports it as well, so it loads no Flask."""

from typing import Any

from gunicorn.http.wsgi import Response
from gunicorn.workers.ggevent import GeventWorker

from app.server.admission import Admission, is_routed_to_stream
from app.server.scheduling import yield_to_others


class StreamWorker(GeventWorker):
    """Lets streams wait while others are served, and hands the connection of an open stream over to its viewer."""

    def run(self) -> None:
        """Serve. At the end send the viewers away, for whom gunicorn no longer waits, and write the audit."""
        self.admission = Admission()
        _omit_server_header()
        super().run()
        self.wsgi.extensions["hub"].dismiss()
        self.wsgi.extensions["audit"].finish()

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        """Serve a new connection."""
        try:
            self.admission.admit_connection(client)
        except OSError:
            client.close()  # The client has left, or sent nothing for too long.
        else:
            super().handle(listener, client, addr)

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> Any:
        """Answer a request. A stream's connection is not used again, and the head of its answer says so."""
        if is_routed_to_stream(req.path):
            self.admission.admit_request(sock)
            req.force_close()
        else:
            # Else a connection whose next request is always there would be served again and again before the others.
            yield_to_others()
        return super().handle_request(listener_name, req, sock, addr)

    def is_already_handled(self, respiter: Any) -> bool:
        """Hand the connection over where the response wants it. Raises: StopIteration, so that gunicorn lets it go."""
        if (hand_over := getattr(respiter, "hand_over", None)) is None:
            return False
        hand_over()
        raise StopIteration


def _omit_server_header() -> None:
    """Send no `Server:`. gunicorn writes it after the application, whose own it drops, and has no setting for it."""
    with_server = Response.default_headers
    Response.default_headers = lambda response: [
        line for line in with_server(response) if not line.startswith("Server:")
    ]
