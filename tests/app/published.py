"""A server that publishes a JSON document, or misbehaves, on loopback."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class Published:
    """Answers every path with `document`, except paths that name a misbehaviour."""

    def __init__(self, document: Any) -> None:
        self.document = document
        self.target = ""
        self.hits = 0
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                owner.hits += 1
                status, body = 200, json.dumps(owner.document).encode()
                if self.path.endswith("/redirect"):
                    status = 302
                elif self.path.endswith("/list"):
                    body = b"[1]"
                elif self.path.endswith("/text"):
                    body = b"<html>"
                elif self.path.endswith("/long"):
                    body = b'{"keys": []' + b" " * 300_000 + b"}"
                elif self.path.endswith(("/missing", "/error")):
                    status = 404 if self.path.endswith("/missing") else 500
                self.send_response(status)
                self.send_header("Location", owner.target)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
