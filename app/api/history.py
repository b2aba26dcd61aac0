"""`/api/history` and `/api/hosts`: JSON for the page and for scripts, as docs/openapi.yaml describes it."""

import math

import orjson
from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from app.api.history_query import HistoryQuery
from app.auth.guard import require_role
from app.web.errors import BadRequest
from store.samples.live import LiveStore

YEAR_2100_S = 4_102_444_800.0
"""Later than any honest request. A time in milliseconds is above it and gets an error instead of an empty answer."""


def make_blueprint(store: LiveStore, past: HistoryQuery) -> Blueprint:
    """The endpoints, which read `store` and `past`."""
    blueprint = Blueprint("api", __name__, url_prefix="/api")

    @blueprint.get("/history")
    @require_role("super_admin")
    def history() -> Response:
        """One host's past from `since` to `until`, in columns."""
        since_s, until_s = _window()
        answer = past.read(request.args.get("host"), since_s=since_s, until_s=until_s)
        # Up to half a megabyte of numbers, for which `json` would hold up every viewer of this process for 15 ms.
        return Response(orjson.dumps(answer), mimetype="application/json")

    @blueprint.get("/hosts")
    @require_role("super_admin")
    def hosts() -> Response:
        """The hosts, each with the age of its newest sample."""
        return jsonify(now=round(store.now_s(), 3), hosts=[vars(host) for host in store.hosts()])

    @blueprint.delete("/hosts/<host>")
    @require_role("super_admin")
    def forget_host(host: str) -> ResponseReturnValue:
        """Take a host off the list. It returns with its next sample."""
        if not store.forget_host(host):
            raise NotFound
        return "", 204

    return blueprint


def _window() -> tuple[float | None, float | None]:
    """`since` and `until` of the request (epoch s), None where left out."""
    since_s, until_s = _instant("since"), _instant("until")
    if since_s is not None and until_s is not None and until_s <= since_s:
        raise BadRequest("`until` must be later than `since`.")
    return since_s, until_s


def _instant(name: str) -> float | None:
    text = request.args.get(name)
    if text is None:
        return None
    try:
        at_s = float(text)
    except ValueError:
        at_s = math.nan
    if not 0 <= at_s <= YEAR_2100_S:
        raise BadRequest(f"`{name}` must be a time in epoch seconds, such as 1700000000.")
    return at_s
