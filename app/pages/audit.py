"""Logins and changes of access, for a super_admin: the page `/audit`, and `GET /api/audit` (docs/openapi.yaml)."""

import re
import time
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request

from app.accounts.audit import KINDS, PAGE_ROWS, Audit, StoredEvent, plain
from app.accounts.email import folded
from app.accounts.tables import MAX_EMAIL
from app.auth.guard import require_role
from app.pages.catalogue import say
from app.pages.shell import signed_in_user
from app.web.errors import BadRequest

SHOWN_ROWS = 100
"""Events on one page."""


def make_blueprint(audit: Audit) -> Blueprint:
    """The page and the endpoint, which read `audit`."""
    blueprint = Blueprint("audit_page", __name__)

    @blueprint.get("/audit")
    @require_role("super_admin", page=True)
    def show() -> str:
        """The newest events that match the filter, and a link to older ones."""
        rows = _read(audit, SHOWN_ROWS + 1)
        return render_template(
            "audit.html",
            user=signed_in_user(),
            rows=rows[:SHOWN_ROWS],
            older={**_filter(), "before": rows[SHOWN_ROWS - 1].id} if len(rows) > SHOWN_ROWS else None,
            is_first="before" not in request.args,
            chosen=_filter(),
            groups=KINDS,
            say=say,
            detail_key=_detail_key,
        )

    @blueprint.get("/api/audit")
    @require_role("super_admin")
    def events() -> Response:
        """Events, newest first. `before`, the id of the last one, leads to the next older ones."""
        if len(request.args.get("who", "")) > MAX_EMAIL:
            raise BadRequest(f"`who` must have at most {MAX_EMAIL} characters, as an address has.")
        if request.args.get("group") not in (None, *KINDS):
            raise BadRequest(f"`group` must be one of {', '.join(KINDS)}.")
        rows = _read(audit, PAGE_ROWS)
        return jsonify(now=round(time.time(), 3), events=[asdict(row) for row in rows])

    return blueprint


def _read(audit: Audit, limit: int) -> list[StoredEvent]:
    chosen = _filter()
    kinds = KINDS.get(chosen["group"])
    return audit.read(before_id=_before_id(), limit=limit, kinds=kinds, who=chosen["who"])


def _filter() -> dict[str, Any]:
    """`group` and `who` of the request. An unknown group counts as all groups."""
    group, who = request.args.get("group", ""), folded(request.args.get("who", ""))
    return {"group": group if group in KINDS else "", "who": plain(who, MAX_EMAIL)}


def _detail_key(detail: str) -> str | None:
    """The catalogue's key for a detail that is one of our codes; None for any other text."""
    keys = (f"account.how_{detail}", f"audit.detail_{detail}")
    return next((key for key in keys if say(key) != key), None)


def _before_id() -> int | None:
    text = request.args.get("before")
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text, re.ASCII):
        raise BadRequest("`before` must be the id of an event.")
    return int(text)
