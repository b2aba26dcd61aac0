"""`/api/...`: history and hosts as JSON for the page and for scripts. Described by docs/openapi.yaml."""

import math
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from app.auth import require_role
from app.errors import BadRequest
from collector.store import keys
from collector.store.columns import SERIES, columns
from collector.store.live import LiveStore

YEAR_2100_S = 4_102_444_800.0
"""Later than any instant asked for in good faith: so a time in milliseconds is told, not answered with nothing."""

DEFAULT_RANGE_S = 60.0
"""What `/api/history` answers without `since`: the page's 20 points at 3 s."""


def make_blueprint(store: LiveStore, *, interval_s: float) -> Blueprint:
    """The endpoints, reading from `store`."""
    blueprint = Blueprint("api", __name__, url_prefix="/api")

    @blueprint.get("/history")
    @require_role("super_admin")
    def history() -> Response:
        """One host's samples since an instant, in columns."""
        return jsonify(read_history(store, interval_s, host=request.args.get("host"), since_s=_since_s()))

    @blueprint.get("/hosts")
    @require_role("super_admin")
    def hosts() -> Response:
        """The hosts, each with the age of its newest sample."""
        return jsonify(now=round(store.now_s(), 3), hosts=[vars(host) for host in store.hosts()])

    @blueprint.delete("/hosts/<host>")
    @require_role("super_admin")
    def forget_host(host: str) -> ResponseReturnValue:
        """Take a host off the list; it returns with its next sample."""
        if not store.forget_host(host):
            raise NotFound
        return "", 204

    return blueprint


def read_history(store: LiveStore, interval_s: float, *, host: str | None, since_s: float | None) -> dict[str, Any]:
    """`/api/history`'s answer; `host` None: the first by name; `since_s` None: the last DEFAULT_RANGE_S.

    Raises: StoreUnavailable.
    """
    now_s = store.now_s()
    known = store.hosts()
    name = host or (known[0].host if known else None)
    start_s = now_s - DEFAULT_RANGE_S if since_s is None else max(since_s, now_s - keys.RETENTION_S)
    rows, last_id = columns(store.since(start_s), name) if name else ([[] for _ in SERIES], None)
    return {
        "host": name,
        "interval_s": interval_s,
        "now": round(now_s, 3),
        "age_s": next((round(row.age_s, 3) for row in known if row.host == name), None),
        "last_id": last_id,
        "series": SERIES,
        "columns": rows,
    }


def _since_s() -> float | None:
    text = request.args.get("since")
    if text is None:
        return None
    try:
        since_s = float(text)
    except ValueError:
        since_s = math.nan
    if not 0 <= since_s <= YEAR_2100_S:
        raise BadRequest("`since` must be a time in epoch seconds, such as 1700000000.")
    return since_s
