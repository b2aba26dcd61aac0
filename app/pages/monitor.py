"""`/monitor`, the panel. It carries its last minute with it, so that the first paint has data."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.api.history_query import HistoryQuery
from app.api.logs import recent_logs
from app.auth.guard import require_role
from app.live.freshness import Freshness
from app.pages.shell import signed_in_user
from store.errors import StoreUnavailable
from store.logs.log_store import LogStore
from store.samples.live import LiveStore

FIRST_LOGS = 20
"""Log groups that the page carries with it: its first screen. It reads the others by itself."""


def make_blueprint(
    store: LiveStore, past: HistoryQuery, logs: LogStore, freshness: Freshness, *, version: str
) -> Blueprint:
    """`/monitor`, and `/`, which redirects there."""
    blueprint = Blueprint("pages", __name__)

    @blueprint.get("/")
    def index() -> Response:
        """Redirect to the panel."""
        return redirect(url_for("pages.monitor"))

    @blueprint.get("/monitor")
    @require_role("super_admin", page=True)
    def monitor() -> str:
        """The panel. Without the store it opens too, and says that nothing is known."""
        user = signed_in_user()
        newest = _newest(store, past, freshness, request.args.get("host"))
        snapshot = {
            "version": version,
            "interval_s": past.interval_s,
            "user": user,
            **newest,
            "logs": _newest_logs(logs),
        }
        return render_template("monitor.html", snapshot=snapshot, user=user, known=_known(newest["history"]))

    return blueprint


def _newest(store: LiveStore, past: HistoryQuery, freshness: Freshness, wanted: str | None) -> dict[str, Any]:
    try:
        hosts = [vars(host) for host in store.hosts()]
        host = wanted if any(row["host"] == wanted for row in hosts) else freshness.worst_host()
        history = past.read(host)
    except StoreUnavailable:
        return {"history": None, "latest": None, "hosts": []}
    return {"history": history, "latest": freshness.newest(history["host"]), "hosts": hosts}


def _known(history: dict[str, Any] | None) -> set[str]:
    """The series that the page has values of: their charts take their place from the first frame on."""
    if history is None:
        return set()
    columns = zip(history["series"], history["columns"], strict=True)
    return {name for name, values in columns if any(value is not None for value in values)}


def _newest_logs(logs: LogStore) -> dict[str, Any] | None:
    try:
        return recent_logs(logs, count=FIRST_LOGS)
    except StoreUnavailable:
        return None
