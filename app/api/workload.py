"""`/api/workload`: the tables of workers and tasks of one host, as docs/openapi.yaml describes them."""

from typing import Any

import orjson
from flask import Blueprint, Response, request

from app.auth.guard import require_role
from store.samples.entries import Tables
from store.samples.live import LiveStore


def make_blueprint(store: LiveStore) -> Blueprint:
    """The endpoint, which reads `store`."""
    blueprint = Blueprint("workload", __name__, url_prefix="/api")

    @blueprint.get("/workload")
    @require_role("super_admin")
    def workload() -> Response:
        """The last tables of a host; without `host`, of the first by name."""
        host = request.args.get("host") or next((row.host for row in store.hosts()), "")
        return Response(orjson.dumps(_answer(store.tables_of(host))), mimetype="application/json")

    return blueprint


def _answer(tables: Tables) -> dict[str, Any]:
    """The tables, null where none were written lately, or where what is stored is no table."""
    try:
        body = orjson.loads(tables.body)
    except orjson.JSONDecodeError:
        body = None
    is_table = isinstance(body, dict) and tables.age_s is not None
    return {
        "now": round(tables.now_s, 3),
        "age_s": round(tables.age_s or 0.0, 3) if is_table else None,
        "workload": body if is_table else None,
    }
