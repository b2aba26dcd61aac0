"""`GET /stream`: the view that turns a request into a viewer."""

import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NoReturn

from flask import Response, request
from flask_sse import ServerSentEventsBlueprint

from app.accounts.audit import Audit
from app.auth.guard import current_principal, require_role
from app.live import sse
from app.live.hub import Hub
from app.live.viewer import Viewer
from app.server.handover import Connection, HandedOver
from app.web.errors import BadRequest
from store import keys

RETRY_MS = (1000, 4000)
"""How long a client waits before it reconnects by itself (ms): drawn from this range, so that the viewers of a killed
server do not all return at the same moment. The page has its own backoff."""

FULL_RETRY_MS = (10_000, 30_000)
"""The same (ms) where this process has no room."""

_ID = re.compile(keys.ID_PATTERN)


@dataclass(frozen=True, kw_only=True)
class StreamLimits:
    """How many streams a process and a user may hold, and how long one may stay open (s)."""

    per_process: int
    per_user: int
    longest_s: float


class SampleStream(ServerSentEventsBlueprint):
    """flask-sse's blueprint with a transport of its own.

    As shipped it takes the Redis channel from the URL, ignores Last-Event-ID, sends no heartbeat and holds a Redis
    connection for each viewer. Here the hub feeds every viewer, and the collector publishes through the store.
    """

    def __init__(self, hub: Hub, limits: StreamLimits, audit: Audit, *, version: str, interval_s: float) -> None:
        super().__init__("stream", __name__)
        self._hub = hub
        self._limits = limits
        self._audit = audit
        self._version = version
        self._interval_s = interval_s
        self.add_url_rule("/stream", "stream", require_role("super_admin")(self.stream), methods=["GET"])

    def stream(self) -> Response:
        """Server-sent events: `hello`, then every sample after the cursor, of each `?host=` or of all hosts.

        The cursor is the Last-Event-ID header, else `?after=`. Everything is decided before the body starts: an open
        stream holds no request context and no database connection.
        """
        cursor, principal = _cursor(), current_principal()
        make_viewer = partial(
            Viewer,
            user=str(principal.user_id),
            email=principal.email,
            address=request.remote_addr or "",
            credential=principal.credential,
            hosts=frozenset(filter(None, request.args.getlist("host"))),
            longest_s=self._limits.longest_s,
        )
        response = HandedOver(lambda connection: self._open(connection, make_viewer, cursor), "text/event-stream")
        response.headers["Cache-Control"] = "no-cache, no-transform"
        response.headers["X-Accel-Buffering"] = "no"
        return response

    @property
    def redis(self) -> NoReturn:
        """Blocks flask-sse's own `publish` and `messages`, which would open a Redis connection for each call."""
        raise RuntimeError("the collector publishes samples, through the store")

    def _open(self, connection: Connection, make_viewer: Callable[..., Viewer], cursor: str | None) -> None:
        """Add a viewer, or tell it that there is no room. Raises: OSError when the client has left meanwhile."""
        # At once: the head goes out with the first bytes, and the browser's `onopen` waits for the head.
        connection.write(sse.retry(random.randint(*RETRY_MS)) + sse.comment("zapvoice-monitor") + self._hello())  # noqa: S311
        self._hub.wait_for_past()
        # From here to `join` nothing yields, so that the limits hold when thousands come at once.
        has_room = self._hub.viewers.has_room(self._limits.per_process)
        on_end = self._note_end if has_room else _note_nothing
        viewer = make_viewer(connection.detach(), is_chunked=connection.is_chunked, on_end=on_end)
        if not has_room:
            # After a 200, since EventSource gives up for good on any other status.
            viewer.finish("full", retry_ms=random.randint(*FULL_RETRY_MS))  # noqa: S311
            return
        self._replace_oldest(viewer.user)
        by = viewer.credential.partition(":")[0]
        self._audit.note("stream_opened", who=viewer.email, address=viewer.address, detail=by, is_user=True)
        self._hub.join(viewer, cursor)

    def _note_end(self, viewer: Viewer) -> None:
        self._hub.viewers.remove(viewer)
        ending = viewer.ending or "left"
        self._audit.note("stream_closed", who=viewer.email, address=viewer.address, detail=ending, is_user=True)

    def _replace_oldest(self, user: str) -> None:
        """End as many of a user's streams as needed to make room for one more, the oldest first."""
        own = self._hub.viewers.of_user(user, self._limits.per_user)
        for oldest in own[: max(0, len(own) + 1 - self._limits.per_user)]:
            oldest.finish("replaced")

    def _hello(self) -> bytes:
        age_s, now_s = self._hub.freshness.age_s(), self._hub.clock.now_s()
        return sse.Event(
            {
                "version": self._version,
                "interval_s": self._interval_s,
                "now": round(time.time() if now_s is None else now_s, 3),
                "age_s": None if age_s is None else round(age_s, 3),
            },
            type="hello",
        ).encode()


def _note_nothing(_viewer: Viewer) -> None:
    """The viewer was never added."""


def _cursor() -> str | None:
    cursor = request.headers.get("Last-Event-ID") or request.args.get("after")
    if not cursor:
        return None
    if not _ID.fullmatch(cursor):
        raise BadRequest("The id to resume after must look like 1700000000000-0.")
    return cursor
