"""Who may go first when thousands come at once. Runs under gevent.

When a proxy restarts, every viewer is back within seconds, and opening a stream costs a millisecond. Served in the
order of their coming, a health check would wait for all of them, and the balancer would take the process for dead.
"""

from collections.abc import Callable, Iterable
from typing import Any

import gevent
from gevent.lock import Semaphore

PATIENCE_S = 0.05
"""How long one opening waits for a moment in which nobody else wants anything: a busy process opens streams, too."""

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Gate:
    """WSGI middleware: requests for `path` are let in one at a time, all others at once."""

    def __init__(self, app: Wsgi, path: str) -> None:
        self._app = app
        self._path = path
        self._turn = Semaphore(1)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """The application's answer; its body is not waited for."""
        if environ.get("PATH_INFO") != self._path:
            # A connection whose next request is there at once would be served again and again, and the others wait.
            gevent.sleep(0)
            return self._app(environ, start_response)
        with self._turn:
            with gevent.Timeout(PATIENCE_S, False):
                gevent.idle()  # Not sleep(0), which lets other openings go first but no request that is yet to be read.
            return self._app(environ, start_response)
